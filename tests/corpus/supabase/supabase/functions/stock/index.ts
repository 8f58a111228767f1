import { basename, extname } from '@std/path'
import { count } from '~/count.ts'

const server = Deno.serve(async (req, info) => {
  const { pathname, searchParams } = new URL(req.url)
  try {
    return Response.json({
      item: basename(pathname, extname(pathname)),
      left: await count(Number(searchParams.get('ms') ?? 1)),
      transport: info.remoteAddr.transport,
      port: server.addr.port,
    })
  } catch (error) {
    return Response.json({ error: (error as Error).name }, { status: 504 })
  }
})
server.finished.then(() => console.log('closed'))
