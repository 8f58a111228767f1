import Koa from 'koa'

const app = new Koa()

app.use(async (ctx, next) => {
  try {
    await next()
  } catch (error) {
    ctx.status = error.status ?? 500
    ctx.body = { error: error.message }
  }
})
app.use((ctx) => {
  if (ctx.query.bad) ctx.throw(400, 'bad query')
  ctx.set('x-method', ctx.method)
  ctx.body = { path: ctx.path, query: ctx.query }
})

app.listen(3002)
