type Handler = (request: Request, user: string) => Promise<Response>

export const required = (handler: Handler) => async (request: Request) => {
  const user = request.headers.get('x-user')
  if (!user) return new Response('who?', { status: 403 })
  return await handler(request, user)
}
