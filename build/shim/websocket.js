/** Deno.upgradeWebSocket, on the engine's WebSocketPair. */

// Before a package puts its own in the global scope: that one carries no WebSocket.
const EngineResponse = Response;

/** @type {WeakMap<WebSocket, WebSocket> | undefined} client ends that no response has carried yet, and their server ends */
let waiting;

/**
 * As the standard has it, where the engine differs: a Blob's bytes are sent, in their turn, and what comes after the end of the connection
 * is lost without an error.
 * @param {WebSocket} socket
 */
function followStandard(socket) {
    const send = socket.send.bind(socket);
    const isOpen = () => socket.readyState === WebSocket.OPEN;
    /** @type {Promise<void> | undefined} set while a Blob is read, and what follows waits for it */
    let turn;
    /** @param {Promise<any>} data */
    function sendLater(data) {
        const mine = Promise.all([data, turn])
            .then(([bytes]) => isOpen() && send(bytes))
            .catch((error) => console.error(error))
            .then(() => void (turn === mine && (turn = undefined)));
        turn = mine;
    }
    /** @param {any} data */
    socket.send = (data) => {
        if (!isOpen()) return;
        if (data instanceof Blob) sendLater(data.arrayBuffer());
        // A view or buffer may change until its turn comes.
        else if (turn) sendLater(Promise.resolve(typeof data === "object" ? new Response(data).arrayBuffer() : data));
        else send(data);
    };
    Object.defineProperty(socket, "bufferedAmount", { value: 0 });
}

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
    followStandard(socket);
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
