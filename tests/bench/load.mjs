// A client for benchmarks that sends GET requests at a fixed rate, however slow the answers are (open loop), over connections that it keeps.

import net from "node:net";
import os from "node:os";

/** Before others, or as usual: a client stands for those on other machines. Only root may. */
export function setPriority(pid, nice) {
    try {
        os.setPriority(pid, nice);
    } catch {
        // then not
    }
}
setPriority(0, -15);

const GIVE_UP_MS = 10_000;

class Connection {
    #socket;
    #text = "";
    #done;

    constructor(load) {
        this.#socket = net.connect(load.port, load.host);
        this.#socket.setNoDelay(true).setEncoding("latin1");
        this.#socket.on("data", (text) => this.#take(text, load));
        this.#socket.on("error", (error) => this.#fail(error.code));
        this.#socket.on("close", () => {
            load.idle.delete(this);
            this.#fail("closed");
        });
    }

    ask(path, done) {
        this.#done = done;
        this.#text = "";
        this.timer = setTimeout(() => this.#fail("no answer"), GIVE_UP_MS);
        this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: load\r\n\r\n`);
    }

    #take(text, load) {
        this.#text += text;
        const head = this.#text.indexOf("\r\n\r\n");
        if (head < 0) return;
        const length = /\r\ncontent-length: (\d+)/i.exec(this.#text);
        if (!length || this.#text.length < head + 4 + Number(length[1])) return;
        load.idle.add(this);
        this.#end({ status: Number(this.#text.slice(9, 12)), body: this.#text.slice(head + 4) });
    }

    #fail(why) {
        this.#end({ status: 0, body: why });
        this.#socket.destroy();
    }

    close() {
        this.#socket.destroy();
    }

    #end(answer) {
        const done = this.#done;
        clearTimeout(this.timer);
        this.#done = undefined;
        done?.(answer);
    }
}

export class Load {
    idle = new Set();

    /** @param {string} url of the gateway, with its prefix */
    constructor(url) {
        const { hostname, port, pathname } = new URL(url);
        Object.assign(this, { host: hostname, port, prefix: pathname });
    }

    /** @returns {Promise<{ status: number, body: string, ms: number, at: number }>} status 0: there was none */
    ask(where) {
        const [connection = new Connection(this)] = this.idle;
        const at = performance.now();
        this.idle.delete(connection);
        return new Promise((resolve) =>
            connection.ask(`${this.prefix}/${where}`, (answer) => resolve({ ...answer, where, at, ms: performance.now() - at })));
    }

    /** Closes the connections that nobody uses. */
    close() {
        for (const connection of this.idle) connection.close();
        this.idle.clear();
    }

    /** `rate` requests a second for `seconds`, to where `next` says. @returns all answers */
    async run(rate, seconds, next) {
        const asked = [];
        const began = performance.now();
        const total = Math.round(rate * seconds);
        while (asked.length < total) {
            const due = Math.min(total, Math.ceil(((performance.now() - began) * rate) / 1000));
            while (asked.length < due) asked.push(this.ask(next(asked.length)));
            await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return Promise.all(asked);
    }
}

/** @param {number[]} values @param {number} part 0.99: p99 */
export function quantile(values, part) {
    const sorted = Float64Array.from(values).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}
