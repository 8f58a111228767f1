import { WorkerEntrypoint } from 'cloudflare:workers'

export default class extends WorkerEntrypoint {
	fetch(): Response {
		const pair = new WebSocketPair()
		pair[1].accept()
		pair[1].addEventListener('message', (event) => {
			pair[1].send((event.data as string).toUpperCase())
			if (event.data === 'bye') pair[1].close(1000, 'done')
		})
		return new Response(null, { status: 101, webSocket: pair[0] })
	}
}
