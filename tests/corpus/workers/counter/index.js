// What a global keeps, it keeps as long as the isolate; what a request starts ends with it, unless it is waited for.
let requests = 0
let done = 0

async function fetchHandler(request, env, ctx) {
	if (new URL(request.url).pathname === '/done') return new Response(`${done} done`)
	requests++
	if (new URL(request.url).pathname.endsWith('/work')) {
		ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 20)).then(() => done++))
	}
	return Response.json({ requests })
}

const scheduled = async (event, env, ctx) => ctx.waitUntil(Promise.resolve(event.cron))

export default { fetch: fetchHandler, scheduled }
