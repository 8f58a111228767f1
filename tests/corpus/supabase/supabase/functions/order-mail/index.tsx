/** @jsxImportSource https://esm.sh/react@19.3.1 */
import { Suspense, use } from 'https://esm.sh/react@19.3.1'
import { renderToReadableStream } from 'https://esm.sh/react-dom@19.3.1/server'

const Total = ({ cents }: { cents: Promise<number> }) => <b>{(use(cents) / 100).toFixed(2)}</b>

const Order = ({ id, cents }: { id: string; cents: Promise<number> }) => (
  <article data-id={id}>
    <Suspense fallback={<i>adding up</i>}>
      <Total cents={cents} />
    </Suspense>
  </article>
)

Deno.serve(async (req) => {
  const id = new URL(req.url).pathname.split('/').at(-1)!
  const cents = new Promise<number>((resolve) => setTimeout(resolve, 10, 1998))
  const stream = await renderToReadableStream(<Order id={id} cents={cents} />)
  await stream.allReady
  return new Response(stream, { headers: { 'content-type': 'text/html' } })
})
