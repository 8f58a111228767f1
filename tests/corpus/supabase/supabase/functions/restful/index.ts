import { Hono } from 'jsr:@hono/hono@^4'
import { cors } from 'jsr:@hono/hono@^4/cors'
import { HTTPException } from 'npm:hono@4/http-exception'

const app = new Hono().basePath('/restful')
const tasks = new Map([['1', { id: '1', name: 'Sweep' }]])

app.use('*', cors({ origin: 'https://shop.example' }))
app.get('/tasks', (c) => c.json([...tasks.values()]))
app.get('/tasks/:id', (c) => {
  const task = tasks.get(c.req.param('id'))
  if (!task) throw new HTTPException(404, { message: 'no such task' })
  return c.json(task)
})
app.post('/tasks', async (c) => {
  const { name } = await c.req.json()
  const task = { id: String(tasks.size + 1), name }
  tasks.set(task.id, task)
  return c.json(task, 201)
})
app.delete('/tasks/:id', (c) => c.body(null, tasks.delete(c.req.param('id')) ? 204 : 404))

Deno.serve(app.fetch)
