import { Hono } from 'hono'
import { upgradeWebSocket } from 'hono/deno'

const app = new Hono().basePath('/sockets')

app.get('/', (c) => c.text('connect to /sockets/ws'))
app.get(
  '/ws',
  upgradeWebSocket((c) => ({
    onOpen: (_event, ws) => ws.send(`hello ${c.req.query('name')}`),
    onMessage: (event, ws) => ws.send(`got ${event.data}`),
  })),
)

Deno.serve(app.fetch)
