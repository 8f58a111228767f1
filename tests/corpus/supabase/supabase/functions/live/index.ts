Deno.serve((req) => {
  if (req.headers.get('upgrade') != 'websocket') {
    return new Response("request isn't trying to upgrade to websocket.", { status: 400 })
  }
  const { socket, response } = Deno.upgradeWebSocket(req)
  socket.onopen = () => socket.send('welcome')
  socket.onmessage = (e) => {
    if (e.data === 'time?') socket.send('late')
    else socket.send(`echo ${e.data}`)
  }
  socket.onerror = (e) => console.log('socket errored:', e)
  socket.onclose = () => console.log('socket closed')
  return response
})
