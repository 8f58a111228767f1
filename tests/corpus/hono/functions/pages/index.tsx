import { Hono } from 'hono'
import { html, raw } from 'hono/html'
import { jsxRenderer } from 'hono/jsx-renderer'
import { streamText, streamSSE } from 'hono/streaming'

const app = new Hono().basePath('/pages')

app.use('/views/*', jsxRenderer(({ children, title }) => <html lang="en"><title>{title}</title><body>{children}</body></html>))
app.get('/views/cart', (c) => c.render(<ul>{['tea', 'a&b'].map((item) => <li>{item}</li>)}</ul>, { title: 'Cart' }))
app.get('/raw', (c) => c.html(html`<p>${raw('<b>bold</b>')} ${'<i>'}</p>`))
app.get('/stream', (c) =>
  streamText(c, async (stream) => {
    for (const word of ['one', 'two']) {
      await stream.writeln(word)
      await stream.sleep(10)
    }
  }))
app.get('/events', (c) =>
  streamSSE(c, async (stream) => {
    for (let id = 0; id < 2; id++) {
      await stream.writeSSE({ id: String(id), event: 'tick', data: `n${id}` })
      await stream.sleep(10)
    }
  }))

export default { port: 3000, fetch: app.fetch }
declare module 'hono' {
  interface ContextRenderer {
    (content: string | Promise<string>, props: { title: string }): Response
  }
}
