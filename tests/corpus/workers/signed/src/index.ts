import { Buffer } from 'node:buffer'
import { timingSafeEqual } from 'crypto'

interface Env {
	EXPIRES: string
	SECRET: string
}

const encoder = new TextEncoder()

async function sign(secret: string, text: string) {
	const key = await crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
	return Buffer.from(await crypto.subtle.sign('HMAC', key, encoder.encode(text)))
}

export default {
	async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
		ctx.passThroughOnException()
		const url = new URL(request.url)
		const expected = await sign(env.SECRET, url.pathname)
		if (request.method === 'POST') return new Response(expected.toString('hex'), { headers: { 'x-expires': env.EXPIRES } })
		const given = Buffer.from(url.searchParams.get('mac') ?? '', 'hex')
		const valid = given.length === expected.length && timingSafeEqual(given, expected)
		return new Response(valid ? 'valid' : 'forged', { status: valid ? 200 : 403 })
	},
}
