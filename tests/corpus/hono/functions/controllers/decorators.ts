const routes = new Map<string, string>()

export function route(method: string, path: string) {
  return (_target: object, key: string, _descriptor: PropertyDescriptor) => {
    routes.set(`${method} ${path}`, key)
  }
}

export function register(controller: any) {
  return async (request: Request) => {
    const key = routes.get(`${request.method} ${new URL(request.url).pathname.replace('/controllers', '')}`)
    return key ? Response.json(controller[key](await request.text())) : new Response('no route', { status: 404 })
  }
}
