import { z } from 'zod'
import query from './query.sql'
import { format } from '@app/lib/format'

const Body = z.object({ cents: z.number().int().nonnegative() })

export default {
	async fetch(request: Request, env: { CURRENCY: string }) {
		if (request.method === 'GET') return Response.json({ path: new URL(request.url).pathname, query: query.trim(), currency: env.CURRENCY, node: process.env.CURRENCY })
		const body = Body.safeParse(await request.json())
		return body.success ? new Response(format(body.data.cents)) : Response.json(body.error.flatten().fieldErrors, { status: 400 })
	},
}
