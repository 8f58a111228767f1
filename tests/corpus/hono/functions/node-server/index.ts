import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { readFileSync } from 'fs'
import { fileURLToPath } from 'url'

const motd = readFileSync(fileURLToPath(new URL('./motd.txt', import.meta.url)), 'utf8')
const app = new Hono()

app.get('/node-server/motd', (c) => c.text(motd))
app.get('/node-server/visits', (c) => {
  const visits = Number(getCookie(c, 'visits') ?? 0) + 1
  setCookie(c, 'visits', String(visits), { path: '/', httpOnly: true })
  return c.text(`visit ${visits}`)
})
app.post('/node-server/upload', async (c) => {
  const body = await c.req.parseBody()
  return c.json({ name: (body.file as File).name, size: (body.file as File).size, note: body.note })
})

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 8787) }, (info) => {
  console.log(`Server is running on http://localhost:${info.port}`)
})
