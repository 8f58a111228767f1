/** Deno.connect and its kin, over the engine's outgoing sockets, and the HTTP client that the engine does not need. */

import { errors, notAvailable } from "./deno-errors.js";

/** @typedef {{ transport: "tcp", hostname: string, port: number }} Address */
/** @typedef {{ hostname?: string, port: number, transport?: string }} ConnectOptions */

/** @param {any} error */
function asConnectionError(error) {
    const reason = String(error?.message ?? error);
    const refused = /refused|connect/i.test(reason);
    return new errors[refused ? "ConnectionRefused" : "ConnectionReset"](reason, { cause: error });
}

/** Deno.Conn, Deno.TcpConn and Deno.TlsConn. */
class Connection {
    #socket;
    /** @type {ReadableStreamDefaultReader<Uint8Array> | undefined} */
    #reader;
    /** @type {WritableStreamDefaultWriter<Uint8Array> | undefined} */
    #writer;
    /** @type {Uint8Array} what came and was not asked for yet */
    #rest = new Uint8Array();

    /** @param {EngineSocket} socket @param {Address} remoteAddr */
    constructor(socket, remoteAddr) {
        this.#socket = socket;
        this.remoteAddr = remoteAddr;
        /** @type {Address} */
        this.localAddr = { transport: "tcp", hostname: "0.0.0.0", port: 0 };
    }

    /** @param {Connection} connection */
    static secured(connection) {
        return new Connection(connection.#socket.startTls(), connection.remoteAddr);
    }

    /** @param {Uint8Array} into @returns {Promise<number | null>} null: the other end has closed */
    async read(into) {
        while (this.#rest.length === 0) {
            this.#reader ??= this.#socket.readable.getReader();
            const { done, value } = await this.#reader.read().catch((error) => Promise.reject(asConnectionError(error)));
            if (done) return null;
            this.#rest = value;
        }
        const part = this.#rest.subarray(0, into.length);
        into.set(part);
        this.#rest = this.#rest.subarray(part.length);
        return part.length;
    }

    /** @param {Uint8Array} data */
    async write(data) {
        this.#writer ??= this.#socket.writable.getWriter();
        // The engine takes the buffer away; the caller may use it again.
        await this.#writer.write(data.slice()).catch((error) => Promise.reject(asConnectionError(error)));
        return data.length;
    }

    get readable() {
        return this.#socket.readable;
    }

    get writable() {
        return this.#socket.writable;
    }

    async closeWrite() {
        this.#writer ??= this.#socket.writable.getWriter();
        await this.#writer.close();
    }

    close() {
        this.#socket.close().catch(() => {});
    }

    [Symbol.dispose]() {
        this.close();
    }

    async handshake() {
        await this.#socket.opened;
        return { alpnProtocol: null };
    }

    // The engine keeps a connection as long as somebody uses it, and sends what is written at once.
    ref() {}
    unref() {}
    setNoDelay() {}
    setKeepAlive() {}
}

/**
 * @param {ConnectOptions} options
 * @param {"starttls" | "on"} secureTransport
 */
async function open({ hostname = "127.0.0.1", port, transport = "tcp" }, secureTransport) {
    if (transport !== "tcp") throw notAvailable("Deno.connect", `a function cannot use the transport "${transport}", only "tcp"`);
    const { connect } = await import("cloudflare:sockets");
    const socket = connect({ hostname, port: Number(port) }, { secureTransport, allowHalfOpen: true });
    // Told to whoever reads or writes.
    socket.closed.catch(() => {});
    await socket.opened.catch((/** @type {any} */ error) => Promise.reject(asConnectionError(error)));
    return new Connection(socket, { transport: "tcp", hostname, port: Number(port) });
}

/** Deno.HttpClient. `fetch` ignores it: the engine has its own connections. */
class HttpClient {
    close() {}
    [Symbol.dispose]() {}
}

/** @type {Record<string, unknown>} */
export const net = {
    HttpClient,
    createHttpClient: () => new HttpClient(),
    /** @param {ConnectOptions} options */
    connect: (options) => open(options, "starttls"),
    /** @param {ConnectOptions} options */
    connectTls: (options) => open({ ...options, transport: "tcp" }, "on"),
    /** @param {Connection} connection */
    startTls: async (connection) => Connection.secured(connection),
    resolveDns: async () => {
        throw notAvailable("Deno.resolveDns", "the engine resolves names itself when it connects; use fetch or Deno.connect");
    },
};
