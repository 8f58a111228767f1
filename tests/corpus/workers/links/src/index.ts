import links from './links.csv'

export interface Env {
	HOME_PAGE: string
	LIMITS: { per_page: number }
}

const table = new Map(links.trim().split('\n').map((line: string) => line.split(',') as [string, string]))
let removed = 0

export default {
	async fetch(request, env, ctx): Promise<Response> {
		const key = new URL(request.url).pathname.slice(1)
		if (!key) return Response.json([...table.keys()].slice(0, env.LIMITS.per_page))
		ctx.waitUntil(Promise.resolve(key))
		return Response.redirect(table.get(key) ?? env.HOME_PAGE, 302)
	},

	async scheduled(controller, env, ctx): Promise<void> {
		removed++
		ctx.waitUntil(Promise.resolve(removed))
	},
} satisfies ExportedHandler<Env>
