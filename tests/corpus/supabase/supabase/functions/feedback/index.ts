import { Application, Router } from 'https://deno.land/x/oak@v14.1.0/mod.ts'

const router = new Router()
router
  .get('/feedback', (ctx) => {
    ctx.response.body = 'Say something!'
  })
  .post('/feedback/:topic', async (ctx) => {
    const { stars } = await ctx.request.body.json()
    ctx.assert(stars <= 5, 422, 'at most five stars')
    ctx.response.status = 201
    ctx.response.body = { topic: ctx.params.topic, stars, ip: typeof ctx.request.ip }
  })

const app = new Application()
app.use(async (ctx, next) => {
  await next()
  ctx.response.headers.set('X-Served-By', 'oak')
})
app.use(router.routes())
app.use(router.allowedMethods())

await app.listen({ port: 8000 })
