/** Deno.upgradeWebSocket, on the engine's WebSocketPair. */

// Before a package puts its own in the global scope: that one carries no WebSocket.
const EngineResponse = Response;

/** @type {WeakMap<WebSocket, WebSocket> | undefined} client ends that no response has carried yet, and their server ends */
let waiting;

/**
 * @param {Request} request
 * @param {{ protocol?: string }} [options]
 * @returns {{ socket: WebSocket, response: Response }}
 */
export function upgradeWebSocket(request, options) {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
        throw new TypeError("Deno.upgradeWebSocket: the request has no header 'upgrade: websocket'");
    }
    const { 0: client, 1: socket } = new WebSocketPair();
    socket.accept();
    // The engine leaves half-closed what its script does not close; in Deno the closing handshake completes by itself.
    socket.addEventListener("close", () => socket.close());
    waiting ??= new WeakMap();
    waiting.set(client, socket);
    /** @type {Record<string, string>} */
    const headers = options?.protocol ? { "sec-websocket-protocol": options.protocol } : {};
    return { socket, response: new EngineResponse(null, { status: 101, webSocket: client, headers }) };
}

/**
 * Fires `open` once the response with the client's end is on its way: by then the function has set its handlers, however long
 * that took.
 * @param {Response} response
 */
export function openSocket(response) {
    const client = waiting && response.webSocket;
    const socket = client && waiting?.get(client);
    if (!socket) return;
    waiting?.delete(client);
    setTimeout(() => socket.dispatchEvent(new Event("open")), 0);
}
