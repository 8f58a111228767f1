import type { Context } from 'hono'

export type { Context }

export default (request: Request) => {
  if (request.signal.aborted) throw new Error('gone')
  return new Response(null, { status: 204, headers: { 'x-method': `${request.method} ${new URL(request.url).pathname}` } })
}
