import { Hono } from 'hono'
import { etag } from 'hono/etag'
import { validator } from 'hono/validator'
import { authenticated, issue } from '@/auth'
import { Order } from '@/schema'
import type { Order as OrderType } from '@/schema'

const app = new Hono<{ Variables: { user: string } }>().basePath('/api')
const orders: (OrderType & { by: string })[] = []

app.get('/health', etag(), (c) => c.text('ok'))
app.post('/login/:user', async (c) => c.text(await issue(c.req.param('user'))))
app.use('/orders/*', authenticated)
app.post(
  '/orders',
  authenticated,
  validator('json', (value, c) => {
    const parsed = Order.safeParse(value)
    return parsed.success ? parsed.data : c.json({ issues: parsed.error.issues.map(({ path, code }) => `${path.join('.')} ${code}`) }, 400)
  }),
  (c) => {
    orders.push({ ...(c.req.valid('json') as OrderType), by: c.get('user') })
    return c.json(orders.at(-1)!, 201)
  },
)
app.get('/orders/mine', (c) => c.json(orders.filter(({ by }) => by === c.get('user'))))

export default app
