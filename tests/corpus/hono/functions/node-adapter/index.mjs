import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { AsyncLocalStorage } from 'async_hooks'

const storage = new AsyncLocalStorage()
const app = new Hono()
let served = 0

app.use((c, next) => storage.run({ id: ++served }, next))
app.get('*', async (c) => {
  await new Promise((resolve) => setTimeout(resolve, 5))
  return c.json(storage.getStore())
})

createAdaptorServer(app).listen(3000)
