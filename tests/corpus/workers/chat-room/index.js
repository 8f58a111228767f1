export default {
	async fetch(request) {
		if (request.headers.get('Upgrade') !== 'websocket') {
			return new Response('Expected Upgrade: websocket', { status: 426 })
		}
		const [client, server] = Object.values(new WebSocketPair())
		server.accept()
		let count = 0
		server.addEventListener('message', ({ data }) => server.send(JSON.stringify({ count: ++count, data })))
		return new Response(null, { status: 101, webSocket: client })
	},
}
