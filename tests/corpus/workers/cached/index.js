let made = 0

export default {
	async fetch(request, env, ctx) {
		const cacheKey = new Request(new URL(request.url).toString(), request)
		let response = await caches.default.match(cacheKey)
		if (!response) {
			response = Response.json({ made: ++made, path: new URL(request.url).pathname })
			response.headers.append('Cache-Control', 's-maxage=60')
			ctx.waitUntil(caches.default.put(cacheKey, response.clone()))
		}
		return response
	},
}
