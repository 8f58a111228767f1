import { Hono } from 'hono'
import { cache } from './cache'
import { getRuntimeKey } from 'hono/adapter'

type Bindings = { ROUTES: Record<string, string>; API_KEY: string }

const app = new Hono<{ Bindings: Bindings }>().basePath('/gateway')

app.use(async (c, next) => {
	if (c.req.header('x-api-key') !== c.env.API_KEY) return c.json({ error: 'no key' }, 401)
	await next()
	c.executionCtx.waitUntil(cache.add(c.req.path))
})
app.get('/to/:name', (c) => {
	const to = c.env.ROUTES[c.req.param('name')]
	return to ? c.redirect(to) : c.notFound()
})
app.get('/seen', (c) => c.json({ seen: cache.all(), runtime: getRuntimeKey() }))
app.onError((error, c) => c.text(`failed: ${error.message}`, 502))
app.get('/fail', () => {
	throw new Error('upstream')
})

export default app
