import { Hono } from 'hono'
import { upgradeWebSocket } from 'hono/cloudflare-workers'

const app = new Hono()

app.get('/ws', upgradeWebSocket(() => ({ onMessage: (event, ws) => ws.send(`room: ${event.data}`) })))
app.get('/', (c) => c.text('the room'))

export default app
