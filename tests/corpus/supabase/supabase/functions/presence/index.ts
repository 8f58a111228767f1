const rooms = new Map<string, Set<WebSocket>>()

Deno.serve({ hostname: '0.0.0.0' }, (req) => {
  const room = new URL(req.url).searchParams.get('room') ?? 'lobby'
  const members = rooms.get(room) ?? rooms.set(room, new Set()).get(room)!
  if (!req.headers.get('upgrade')) return Response.json({ room, online: members.size })
  const { socket, response } = Deno.upgradeWebSocket(req, { protocol: 'chat' })
  socket.addEventListener('open', () => {
    members.add(socket)
    for (const member of members) member.send(`${members.size} here`)
  })
  socket.addEventListener('close', () => members.delete(socket))
  return response
})
