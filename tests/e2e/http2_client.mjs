// A client of HTTP/2 for the tests: `node http2_client.mjs URL CERTIFICATE NAME` runs the check of that name.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import tls from "node:tls";

const [url, certificate, name] = process.argv.slice(2);
const at = new URL(url);
const ca = readFileSync(certificate);
const CALM = http2.constants.NGHTTP2_ENHANCE_YOUR_CALM;
const PROTOCOL_ERROR = http2.constants.NGHTTP2_PROTOCOL_ERROR;

// -- through node's client --

const connect = (options = {}) => http2.connect(at.origin, { ca, ...options });
const path = (what) => `${at.pathname}/hello/${what}`;

// The whole answer of a request: status, headers, body.
function ask(session, headers, body) {
    return new Promise((done, failed) => {
        const stream = session.request(headers);
        const chunks = [];
        let answer;
        stream.on("response", (fields) => (answer = fields));
        stream.on("data", (chunk) => chunks.push(chunk));
        stream.on("error", failed);
        stream.on("end", () => answer && done({ status: answer[":status"], headers: answer, body: Buffer.concat(chunks) }));
        stream.on("close", () => failed(new Error(`closed: ${stream.rstCode}`)));
        body === undefined ? stream.end() : stream.end(body);
    });
}

const once = (emitter, event) => new Promise((done) => emitter.once(event, (...all) => done(all)));

async function until(check) {
    while (!(await check())) await new Promise((done) => setTimeout(done, 20));
}

// -- byte by byte --

const FRAME = { data: 0, headers: 1, priority: 2, rst: 3, settings: 4, ping: 6, goaway: 7, window: 8, continuation: 9 };
const END_STREAM = 1, ACK = 1, END_HEADERS = 4;

function frame(type, flags, id, payload = Buffer.alloc(0)) {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(id, 5);
    return Buffer.concat([head, payload]);
}

// RFC 7541 sections 5.1 and 6.2: an integer, and fields that are not indexed (or are, with `index`).
function integer(value, bits, first) {
    const most = (1 << bits) - 1;
    if (value < most) return Buffer.from([first | value]);
    const bytes = [first | most];
    for (value -= most; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
    return Buffer.from([...bytes, value]);
}
const string = (text) => Buffer.concat([integer(Buffer.byteLength(text, "latin1"), 7, 0), Buffer.from(text, "latin1")]);
const field = ([key, value], first = 0) => Buffer.concat([Buffer.from([first]), string(key), string(value)]);
const block = (fields) => Buffer.concat(fields.map((one) => field(one)));

const request = (what = "", changes = {}, more = []) => {
    const pseudo = { ":method": "GET", ":scheme": "https", ":authority": at.host, ":path": path(what), ...changes };
    return [...Object.entries(pseudo).filter(([, value]) => value !== undefined), ...more];
};

class Raw {
    constructor() {
        this.frames = [];
        this.rest = Buffer.alloc(0);
        this.wake = () => {};
        this.socket = tls.connect({ host: at.hostname, port: at.port, ca, ALPNProtocols: ["h2"], servername: "localhost" });
        this.socket.on("data", (data) => this.take(data));
        this.socket.on("error", () => {});
        this.socket.on("close", () => { this.closed = true; this.wake(); });
        this.write(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(FRAME.settings, 0, 0), frame(FRAME.settings, ACK, 0));
    }
    take(data) {
        this.rest = Buffer.concat([this.rest, data]);
        while (this.rest.length >= 9) {
            const size = this.rest.readUIntBE(0, 3);
            if (this.rest.length < 9 + size) break;
            this.frames.push({ type: this.rest[3], flags: this.rest[4], id: this.rest.readUInt32BE(5), payload: this.rest.subarray(9, 9 + size) });
            this.rest = this.rest.subarray(9 + size);
        }
        this.wake();
    }
    write(...parts) {
        if (!this.closed) this.socket.write(Buffer.concat(parts));
    }
    // The first frame, come or still to come, for which `check` holds; undefined when the connection is closed before.
    async find(check) {
        for (;;) {
            const found = this.frames.find(check);
            if (found !== undefined || this.closed) return found;
            await new Promise((done) => (this.wake = done));
        }
    }
    // How a stream ended: a status, "reset CODE", or "goaway CODE"; "closed" when the connection was.
    async outcome(id) {
        const end = await this.find(({ type, flags, id: of, payload }) =>
            (of === id && (type === FRAME.rst || type === FRAME.headers)) || (type === FRAME.goaway && payload.readUInt32BE(4) !== 0));
        if (end === undefined) return "closed";
        if (end.type === FRAME.rst) return `reset ${end.payload.readUInt32BE(0)}`;
        if (end.type === FRAME.goaway) return `goaway ${end.payload.readUInt32BE(4)}`;
        return status(end.payload);
    }
    async goaway() {
        const found = await this.find(({ type, payload }) => type === FRAME.goaway && payload.readUInt32BE(4) !== 0);
        return found === undefined ? "closed" : found.payload.readUInt32BE(4);
    }
    end() {
        this.socket.destroy();
    }
}

// The status is the first field: indexed (RFC 7541 appendix A, 8 to 14), or a literal with an indexed name.
function status(payload) {
    const known = { 8: "200", 9: "204", 10: "206", 11: "304", 12: "400", 13: "404", 14: "500" };
    while ((payload[0] & 0xe0) === 0x20) payload = payload.subarray(1); // a change of the table's size
    if (payload[0] & 0x80) return known[payload[0] & 0x7f];
    const size = payload[1] & 0x7f;
    const text = payload.subarray(2, 2 + size);
    if ((payload[1] & 0x80) === 0) return text.toString();
    const codes = { "6c01": "501" };
    return codes[text.toString("hex")] ?? `huffman ${text.toString("hex")}`;
}

// What becomes of one head; END_STREAM unless a body follows.
async function outcomeOf(fields, ...body) {
    const raw = new Raw();
    raw.write(frame(FRAME.headers, END_HEADERS | (body.length === 0 ? END_STREAM : 0), 1, block(fields)), ...body);
    const outcome = await raw.outcome(1);
    raw.end();
    return outcome;
}

// Sends until the connection is ended, and says with which code.
async function flood(make) {
    const raw = new Raw();
    for (let i = 0; i < 400 && !raw.closed; i++) {
        raw.write(...Array.from({ length: 25 }, (_, n) => make(i * 25 + n)));
        await new Promise(setImmediate);
    }
    const code = await raw.goaway();
    raw.end();
    return code;
}

// -- the checks --

const checks = {
    async basics() {
        const session = connect();
        assert.equal((await ask(session, { ":path": path("x?y=1") })).body.toString(), "GET /hello/x?y=1");
        const head = await ask(session, { ":path": path("x"), ":method": "HEAD" });
        assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, "13", 0]);
        for (const status of [204, 304]) {
            const empty = await ask(session, { ":path": path(`status?n=${status}`) });
            assert.deepEqual([empty.status, empty.headers["content-length"], empty.body.length], [status, undefined, 0]);
        }
        const fields = new Map(JSON.parse((await ask(session, { ":path": path("headers"), cookie: ["a=1", "b=2"], te: "trailers",
            "x-1tube-auth-user": "root", "x-forwarded-for": "1.2.3.4" })).body));
        assert.deepEqual(["host", "cookie", "te", "x-1tube-auth-user", "x-forwarded-for"].map((key) => fields.get(key)),
            [at.host, "a=1; b=2", undefined, undefined, "127.0.0.1"]);
        const missing = await ask(session, { ":path": `${at.pathname}/nobody` });
        assert.deepEqual([missing.status, JSON.parse(missing.body).reason], [404, "unknown_function"]);
        assert.equal(JSON.parse((await ask(session, { ":path": path("https") })).body), "https:");
        session.close();
    },
    async many() {
        const session = connect();
        await once(session, "remoteSettings");
        const bodies = Array.from({ length: 300 }, (_, i) => Buffer.alloc(1000 + 100 * i, String.fromCharCode(65 + (i % 26))));
        const answers = await Promise.all(bodies.map((body) => ask(session, { ":path": path("echo"), ":method": "POST" }, body)));
        answers.forEach((answer, i) => assert.ok(answer.body.equals(bodies[i])));
        session.close();
    },
    // One that is not read must not hold up the others.
    async slowReader() {
        const session = connect();
        await once(session, "connect");
        session.setLocalWindowSize(1 << 24); // of the connection, which the others need
        const stream = session.request({ ":path": path("big?n=30000000") });
        await once(stream, "response");
        stream.pause();
        for (let i = 0; i < 20; i++) assert.equal((await ask(session, { ":path": path("x") })).status, 200);
        let size = 0;
        stream.on("data", (chunk) => (size += chunk.length));
        stream.resume();
        await once(stream, "end");
        assert.equal(size, 30000000);
        // what the function makes is bounded by what is read
        const endless = session.request({ ":path": path("endless") });
        await once(endless, "response");
        endless.pause();
        let made = -1;
        await until(async () => {
            const now = JSON.parse((await ask(session, { ":path": path("seen") })).body).made;
            [made, size] = [now, made];
            return made === size;
        });
        assert.ok(made < 16 << 20, `${made} bytes were made`);
        endless.close(http2.constants.NGHTTP2_CANCEL);
        session.destroy();
    },
    async cancel() {
        const session = connect();
        const stream = session.request({ ":path": path("drip") });
        stream.on("error", () => {});
        await once(stream, "data");
        stream.close(http2.constants.NGHTTP2_CANCEL);
        await until(async () => JSON.parse((await ask(session, { ":path": path("seen") })).body).cancels === 1);
        session.close();
    },
    // The window of a request that no function reads stays closed, and others go on.
    async backPressure() {
        const raw = new Raw();
        const granted = () => raw.frames.filter(({ type, id }) => type === FRAME.window && id === 1)
            .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 262144);
        raw.write(frame(FRAME.headers, END_HEADERS, 1, block(request("ignore", { ":method": "POST" }))));
        let sent = 0, before = -1;
        for (let id = 3; before !== granted(); id += 2) {
            before = granted();
            for (; sent + 16384 <= before; sent += 16384) raw.write(frame(FRAME.data, 0, 1, Buffer.alloc(16384)));
            raw.write(frame(FRAME.headers, END_HEADERS | END_STREAM, id, block(request("wait?ms=100"))));
            assert.equal(await raw.outcome(id), "200");
        }
        assert.ok(sent >= 262144 && sent < 8 << 20, `${sent} bytes were taken`);
        raw.end();
    },
    async trailers() {
        const session = connect();
        const stream = session.request({ ":path": path("echo"), ":method": "POST" }, { waitForTrailers: true });
        let text = "";
        stream.on("data", (chunk) => (text += chunk));
        stream.on("wantTrailers", () => stream.sendTrailers({ "x-trailer": "1" }));
        stream.end("hello");
        await once(stream, "end");
        assert.equal(text, "hello");
        session.close();
    },
    async expectContinue() {
        const session = connect();
        const stream = session.request({ ":path": path("echo"), ":method": "POST", expect: "100-continue" });
        await once(stream, "continue");
        let text = "";
        stream.on("data", (chunk) => (text += chunk));
        stream.end("after");
        await once(stream, "end");
        assert.equal(text, "after");
        session.close();
    },
    async malformed() {
        const bad = `reset ${PROTOCOL_ERROR}`;
        const post = (changes, more) => request("echo", { ":method": "POST", ...changes }, more);
        const data = (text, flags = END_STREAM) => frame(FRAME.data, flags, 1, Buffer.from(text));
        const cases = [
            ["well-formed", "200", request()],
            ["no :method", bad, request("", { ":method": undefined })],
            ["no :scheme", bad, request("", { ":scheme": undefined })],
            ["no :path", bad, request("", { ":path": undefined })],
            ["an empty :path", bad, request("", { ":path": "" })],
            ["no authority", bad, request("", { ":authority": undefined })],
            ["Host instead of it", "200", request("", { ":authority": undefined }, [["host", at.host]])],
            ["Host that agrees", "200", request("", {}, [["host", at.host.toUpperCase()]])],
            ["Host that does not", "400", request("", {}, [["host", "other"]])],
            ["user information", "400", request("", { ":authority": `u@${at.host}` })],
            ["a slash in the authority", bad, request("", { ":authority": "a/b" })],
            ["a pseudo field twice", bad, request("", {}, []).concat([[":path", "/"]])],
            ["a pseudo field behind others", bad, [["x", "y"], ...request()]],
            ["an unknown pseudo field", bad, request("", { ":unknown": "1" })],
            ["a response's", bad, request("", { ":status": "200" })],
            ["another scheme", "400", request("", { ":scheme": "ftp" })],
            ["a path without its slash", bad, request("", { ":path": "hello" })],
            ["a blank in the path", bad, request("", { ":path": "/a b" })],
            ["a byte beyond ASCII in the path", "400", request("", { ":path": "/caf\u00e9" })],
            ["* with GET", bad, request("", { ":path": "*" })],
            ["CONNECT", "405", [[":method", "CONNECT"], [":authority", at.host]]],
            ["TRACE", "405", request("", { ":method": "TRACE" })],
            ["a method that nobody knows", "501", request("", { ":method": "FROB" })],
            ["a name in upper case", bad, request("", {}, [["X-Y", "1"]])],
            ["a blank in a name", bad, request("", {}, [["x y", "1"]])],
            ["an empty name", bad, request("", {}, [["", "1"]])],
            ["CR LF in a value", bad, request("", {}, [["x", "1\r\ny: 2"]])],
            ["NUL in a value", bad, request("", {}, [["x", "1\0"]])],
            ["Connection", bad, request("", {}, [["connection", "close"]])],
            ["Keep-Alive", bad, request("", {}, [["keep-alive", "1"]])],
            ["Proxy-Connection", bad, request("", {}, [["proxy-connection", "close"]])],
            ["Transfer-Encoding", bad, post({}, [["transfer-encoding", "chunked"]])],
            ["Upgrade", bad, request("", {}, [["upgrade", "websocket"]])],
            ["TE but trailers", bad, request("", {}, [["te", "gzip"]])],
            ["another expectation", "417", request("", {}, [["expect", "tea"]])],
            ["a target that is too long", "414", request("a".repeat(9000))],
            ["a length without a body", bad, post({}, [["content-length", "5"]])],
            ["two lengths", bad, post({}, [["content-length", "5"], ["content-length", "5"]]), data("hello")],
            ["a length that is no number", bad, post({}, [["content-length", "+5"]]), data("hello")],
            ["less than the length", bad, post({}, [["content-length", "6"]]), data("hello")],
            ["more than the length", bad, post({}, [["content-length", "4"]]), data("hello")],
            ["the length", "200", post({}, [["content-length", "5"]]), data("hello")],
            ["trailers that do not end it", bad, post(), data("x", 0), frame(FRAME.headers, END_HEADERS, 1, block([["x", "1"]]))],
            ["a pseudo field in trailers", bad, post(), data("x", 0), frame(FRAME.headers, END_HEADERS | END_STREAM, 1, block([[":path", "/"]]))],
        ];
        for (const [what, expected, fields, ...body] of cases) {
            const outcome = await outcomeOf(fields, ...body);
            // a malformed body may be noticed before or behind the head of the answer
            assert.equal(outcome, expected, what);
        }
    },
    async headBombs() {
        const many = Array.from({ length: 101 }, (_, i) => [`x-${i}`, "1"]);
        assert.equal(await outcomeOf(request("", {}, many)), "431");
        assert.equal(await outcomeOf(request("", {}, [["x", "y".repeat(15000)]])), "200");
        // 4,000 bytes once in the table, and then by reference
        const raw = new Raw();
        const large = Buffer.concat([Buffer.from([0x40]), string("x"), string("y".repeat(4000))]);
        raw.write(frame(FRAME.headers, END_HEADERS | END_STREAM, 1,
            Buffer.concat([block(request()), large, Buffer.alloc(12000, 0x80 | 62)])));
        assert.equal(await raw.outcome(1), "431");
        raw.write(frame(FRAME.headers, END_HEADERS | END_STREAM, 3, block(request())));
        assert.equal(await raw.outcome(3), "200");
        raw.end();
    },
    async rapidReset() {
        const head = block(request("wait?ms=1000"));
        const reset = Buffer.from([0, 0, 0, 8]);
        assert.equal(await flood((n) => Buffer.concat([frame(FRAME.headers, END_HEADERS | END_STREAM, 2 * n + 1, head),
            frame(FRAME.rst, 0, 2 * n + 1, reset)])), CALM);
    },
    // The client makes us reset its streams (CVE-2025-8671): a window beyond its bounds is an error of the stream.
    async madeYouReset() {
        const head = block(request("wait?ms=1000"));
        const code = await flood((n) => Buffer.concat([frame(FRAME.headers, END_HEADERS | END_STREAM, 2 * n + 1, head),
            frame(FRAME.window, 0, 2 * n + 1, Buffer.from([0x7f, 0xff, 0xff, 0xff]))]));
        // streams that wait for their reset are open still: there may be too many of them first
        assert.ok([CALM, PROTOCOL_ERROR].includes(code), String(code));
    },
    async floods() {
        assert.equal(await flood(() => frame(FRAME.ping, 0, 0, Buffer.alloc(8))), CALM, "PING");
        assert.equal(await flood(() => frame(FRAME.settings, 0, 0)), CALM, "SETTINGS");
        assert.equal(await flood((n) => frame(FRAME.priority, 0, 2 * n + 1, Buffer.from([0, 0, 0, 0, 1]))), CALM, "PRIORITY");
        assert.equal(await flood(() => frame(FRAME.window, 0, 0, Buffer.from([0, 0, 0, 1]))), CALM, "WINDOW_UPDATE");
        const begin = frame(FRAME.headers, END_HEADERS, 1, block(request("wait?ms=60000", { ":method": "POST" })));
        assert.equal(await flood((n) => (n === 0 ? begin : frame(FRAME.data, 0, 1))), CALM, "empty DATA");
    },
    async continuations() {
        const first = frame(FRAME.headers, END_STREAM, 1, block(request()));
        assert.ok([CALM, "closed"].includes(await flood((n) => (n === 0 ? first : frame(FRAME.continuation, 0, 1, block([["x", "y"]]))))));
    },
    // More streams than were allowed, by a client that has acknowledged it.
    async tooManyStreams() {
        const raw = new Raw();
        for (let i = 0; i < 101; i++)
            raw.write(frame(FRAME.headers, END_HEADERS | END_STREAM, 2 * i + 1, block(request("wait?ms=2000"))));
        assert.equal(await raw.goaway(), PROTOCOL_ERROR);
        raw.end();
    },
    async timers() {
        // the body stands still
        assert.equal(await outcomeOf(request("ignore", { ":method": "POST" }), frame(FRAME.data, 0, 1, Buffer.from("x"))), "408");
        // the head does
        const raw = new Raw();
        raw.write(frame(FRAME.headers, END_STREAM, 1, block(request())));
        assert.equal(await raw.find(({ id }) => id === 1), undefined);
        // nothing is under way
        const idle = new Raw();
        const goaway = await idle.find(({ type }) => type === FRAME.goaway);
        assert.equal(goaway.payload.readUInt32BE(4), 0);
        await idle.find(() => false);
    },
    async tooLarge() {
        const session = connect();
        const stream = session.request({ ":path": path("echo"), ":method": "POST", "content-length": 2 << 20 });
        const [headers] = await once(stream, "response");
        assert.equal(headers[":status"], 413);
        stream.on("error", () => {});
        stream.close();
        assert.equal((await ask(session, { ":path": path("x") })).status, 200);
        session.close();
    },
    // SIGTERM comes meanwhile: what is under way is answered, and the client told to leave.
    async drain() {
        const session = connect();
        const answer = ask(session, { ":path": path("wait?ms=1500") });
        const idle = connect();
        await ask(idle, { ":path": path("x") });
        process.kill(Number(process.env.SERVER), "SIGTERM");
        await Promise.all([once(session, "goaway"), once(idle, "goaway"), once(idle, "close")]);
        assert.equal((await answer).status, 200);
        await once(session, "close");
    },
};

await checks[name]();
