// HTTP/1.1 byte by byte, for what no client library sends: half-closed, pipelined, malformed, slow.

import assert from "node:assert/strict";
import net from "node:net";
import { afterTest, within } from "./harness.mjs";

const LIMIT_MS = 15_000;

export class Connection {
    #input = Buffer.alloc(0);
    #ended = false;
    #wake = () => {};

    constructor(port, { allowHalfOpen = true } = {}) {
        this.socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen });
        afterTest(() => this.close());
        this.socket.on("data", (data) => this.#got(data));
        this.socket.on("end", () => this.#end("end"));
        this.socket.on("error", (error) => this.#end(error.code));
        this.socket.on("close", () => this.#end("close"));
    }

    #got(data) {
        this.#input = Buffer.concat([this.#input, data]);
        this.#wake();
    }

    #end(how) {
        this.how ??= how;
        this.#ended = true;
        this.#wake();
    }

    send(bytes) {
        this.socket.write(bytes);
        return this;
    }

    /** Ends our side alone. */
    halfClose() {
        this.socket.end();
    }

    close() {
        this.socket.destroy();
    }

    /** Goes away without a word more. */
    reset() {
        this.socket.resetAndDestroy();
    }

    async #until(look, what) {
        for (;;) {
            const found = look();
            if (found !== undefined) return found;
            assert(!this.#ended, `ended (${this.how}) before ${what}; there was ${JSON.stringify(this.#input.toString("latin1"))}`);
            await within(LIMIT_MS, new Promise((resolve) => (this.#wake = resolve)), what);
        }
    }

    /** The next `size` bytes. */
    bytes(size) {
        return this.#until(() => {
            if (this.#input.length < size) return undefined;
            const taken = this.#input.subarray(0, size);
            this.#input = this.#input.subarray(size);
            return taken;
        }, `${size} bytes`);
    }

    /** Up to and without a line's end. */
    async line() {
        const at = await this.#until(() => {
            const found = this.#input.indexOf("\r\n");
            return found < 0 ? undefined : found;
        }, "a line");
        return (await this.bytes(at + 2)).subarray(0, at).toString("latin1");
    }

    /** A status line and its fields: { status, reason, headers, lines }. */
    async head() {
        const [, version, status, reason] = /^(HTTP\/1\.1) (\d{3}) (.*)$/.exec(await this.line()) ?? assert.fail("no status line");
        const headers = {};
        const lines = [];
        for (let line; (line = await this.line()) !== ""; ) {
            const colon = line.indexOf(": ");
            assert(colon > 0, line);
            lines.push(line);
            headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 2);
        }
        return { version, status: Number(status), reason, headers, lines };
    }

    /** The next chunk of a chunked body; empty: it is over. Trailers are told apart. */
    async chunk() {
        const size = parseInt(await this.line(), 16);
        const data = await this.bytes(size);
        const behind = await this.line();
        assert.equal(behind, "", size === 0 ? "a trailer" : "no line end behind a chunk");
        return data;
    }

    /** A whole answer. `bodiless`: to HEAD. */
    async answer({ bodiless = false } = {}) {
        const head = await this.head();
        let body = Buffer.alloc(0);
        if (head.headers["transfer-encoding"] === "chunked") {
            assert(!bodiless);
            for (let chunk; (chunk = await this.chunk()).length > 0; ) body = Buffer.concat([body, chunk]);
        } else if (!bodiless && head.status >= 200 && head.status !== 204 && head.status !== 304) {
            const length = head.headers["content-length"];
            body = length === undefined ? await this.rest() : await this.bytes(Number(length));
        }
        return { ...head, body, text: body.toString(), json: () => JSON.parse(body.toString()) };
    }

    /** Everything until the other side ends. */
    async rest() {
        await this.#until(() => (this.#ended ? true : undefined), "the end");
        const all = this.#input;
        this.#input = Buffer.alloc(0);
        return all;
    }

    /** Waits for the end, with nothing in front of it. @returns how it ended: "end", "ECONNRESET" ... */
    async closed() {
        const rest = await this.rest();
        assert.equal(rest.toString("latin1"), "");
        return this.how;
    }
}

export const head = (method, path, lines = []) => [`${method} ${path} HTTP/1.1`, "Host: gateway.example", ...lines, "", ""].join("\r\n");
export const chunk = (text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
