// Bodies in both directions as they come, back-pressure, clients that leave, the finer points of HTTP/1.1, WebSockets.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { eventually, refused, serving, sleep, test, within } from "./harness.mjs";
import { Connection, chunk, head } from "./raw.mjs";

const path = (where) => `/functions/v1/${where}`;
const CHUNKED = "Transfer-Encoding: chunked";

/** @param {import("./harness.mjs").Gateway} gateway */
const tools = (gateway) => ({
    open: (method, where, lines) => new Connection(gateway.port).send(head(method, path(where), lines)),
    seen: async () => (await gateway.ask("probe/seen")).json(),
});

async function unbuffered(gateway) {
    const { open } = tools(gateway);
    await test("WE4 8.14 NDJSON both ways: each line is answered before the next is sent", async () => {
        const connection = open("POST", "probe/lines", [CHUNKED]);
        connection.send(chunk("line 0\n"));
        const answer = await connection.head();
        assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "application/x-ndjson"]);
        for (let i = 0; i < 5; i++) {
            assert.equal((await connection.chunk()).toString(), `got line ${i}\n`);
            connection.send(i < 4 ? chunk(`line ${i + 1}\n`) : "0\r\n\r\n");
        }
        assert.equal((await connection.chunk()).length, 0);
    });
    await test("8.14 server-sent events arrive one by one", async () => {
        const connection = open("GET", "probe/events/4/100");
        const answer = await connection.head();
        assert.equal(answer.headers["content-type"], "text/event-stream");
        const arrived = [];
        for (let i = 0; i < 4; i++) {
            assert.equal((await connection.chunk()).toString(), `id: ${i}\ndata: tick\n\n`);
            arrived.push(performance.now());
        }
        assert.equal((await connection.chunk()).length, 0);
        assert(arrived[1] - arrived[0] > 20, "not collected first");
    });
    await test("8.14 a body of 24 MiB, there and back, is the same", async () => {
        const body = randomBytes(24 << 20);
        const answer = await gateway.ask("bytes", { method: "POST", body, headers: { "content-length": body.length } });
        assert.equal(answer.status, 200);
        assert.equal(createHash("sha256").update(answer.bytes).digest("hex"), createHash("sha256").update(body).digest("hex"));
    });
}

async function pressure(gateway) {
    const { open, seen } = tools(gateway);
    await test("a reader that is slow does not make the gateway grow, nor the function run ahead for ever", async () => {
        const before = gateway.residentKiB();
        const connections = Array.from({ length: 8 }, () => open("GET", "probe/flood"));
        for (const connection of connections) {
            await connection.bytes(100);
            connection.socket.pause();
        }
        await sleep(700);
        assert(gateway.residentKiB() - before < 16 * 1024, `${gateway.residentKiB() - before} KiB more`);
        const moved = await gateway.metric('onetube_function_response_bytes_total{function="probe"}');
        await sleep(400);
        assert.equal(await gateway.metric('onetube_function_response_bytes_total{function="probe"}'), moved);
        const { cancelled } = await seen();
        for (const connection of connections) connection.reset();
        await eventually(async () => (await seen()).cancelled, cancelled + 8);
    });
    await test("a function that reads slowly stops its sender, and the gateway does not grow", async () => {
        const before = gateway.residentKiB();
        const connection = open("POST", "probe/slowly/60000", [CHUNKED]);
        const piece = chunk("x".repeat(65536));
        let sent = 0;
        // as much as anybody takes
        for (let full = false; sent < 64 << 20 && !full; sent += 65536) {
            if (connection.socket.write(piece)) continue;
            full = !(await Promise.race([new Promise((resolve) => connection.socket.once("drain", () => resolve(true))), sleep(600)]));
        }
        assert(sent < 48 << 20, `${sent} bytes were taken`);
        assert(gateway.residentKiB() - before < 16 * 1024, `${gateway.residentKiB() - before} KiB more`);
        connection.reset();
    });
}

/** So many small pieces that they do not all go through one by one. */
async function dust(gateway) {
    const many = (count) => Array.from({ length: 18 }, () => tools(gateway).open("GET", `dust/${count}`));
    const cancelled = async () => (await gateway.ask("dust/cancelled")).json();
    await test("many streams of small pieces are whole, and come in fewer bites", async () => {
        const pieces = 400;
        const streams = many(pieces);
        let bites = 0;
        for (const stream of streams) stream.socket.on("data", () => bites++);
        const wanted = Array.from({ length: pieces }, (_, i) => `piece ${i}\n`).join("");
        for (const answer of await Promise.all(streams.map((stream) => stream.answer()))) assert.equal(answer.text, wanted);
        assert(bites < (streams.length * pieces) * 0.7, `${bites} bites for ${streams.length * pieces} pieces`);
    });
    await test("some of many streams end, the others go on, and so do requests", async () => {
        const streams = many(1e6);
        await Promise.all(streams.map((stream) => stream.bytes(3000)));
        for (const stream of streams.slice(0, 9)) stream.reset();
        await eventually(cancelled, 9);
        await Promise.all(streams.slice(9).map((stream) => stream.bytes(3000)));
        for (const stream of streams.slice(9)) stream.reset();
        await eventually(cancelled, 18);
    });
}

async function leaving(gateway) {
    const { open, seen } = tools(gateway);
    await test("BW6 a client that goes away before the answer: request.signal fires in the function", async () => {
        const { started, aborted } = await seen();
        const connection = open("GET", "probe/hold");
        await eventually(async () => (await seen()).started, started + 1);
        connection.reset();
        await eventually(async () => (await seen()).aborted, aborted + 1);
        await eventually(async () => (await gateway.metric('onetube_function_responses_total{function="probe",class="aborted"}')) > 0, true);
        await eventually(async () => gateway.lines.some((line) => line.path === path("probe/hold") && line.status === 0), true);
    });
    await test("a client that goes away during the answer: the stream is cancelled", async () => {
        const { cancelled } = await seen();
        const connection = open("GET", "probe/drip");
        await connection.bytes(50);
        connection.reset();
        await eventually(async () => (await seen()).cancelled, cancelled + 1);
    });
    await test("a client that goes away during its request's body: the function does not take it for whole", async () => {
        const { bodies } = await seen();
        const connection = open("POST", "probe/body", ["Content-Length: 100"]).send("half of it");
        await eventually(async () => (await seen()).bodies.length, bodies.length + 1);
        connection.close();
        await sleep(300);
        assert.deepEqual((await seen()).bodies.slice(bodies.length), ["started"]);
    });
    await test("a half-closed connection is no abort: the whole answer comes", async () => {
        const { aborted } = await seen();
        const connection = open("POST", "probe/sleep/400", ["Content-Length: 2"]).send("ok");
        connection.halfClose();
        const answer = await connection.answer();
        assert.deepEqual([answer.status, answer.text], [200, "slept"]);
        await connection.closed();
        assert.equal((await seen()).aborted, aborted);
    });
    await test("15.11 an answer that stands still is broken off", async () => {
        const connection = open("GET", "probe/stall");
        assert.equal((await connection.head()).status, 200);
        assert.equal((await connection.chunk()).toString(), "first");
        const rest = (await connection.rest()).toString();
        assert.equal(rest, ""); // and no last chunk
    });
}

async function protocol(gateway) {
    const { open, seen } = tools(gateway);
    await test("100-continue: asked for when the function is there to read, once", async () => {
        const connection = open("POST", "probe/size", ["Content-Length: 5", "Expect: 100-continue"]);
        assert.equal((await connection.head()).status, 100);
        connection.send("hello");
        assert.equal((await connection.answer()).text, "5");
        // one that does not wait
        connection.send(`${head("POST", path("probe/size"), ["Content-Length: 5", "Expect: 100-continue"])}hello`);
        let answer = await connection.head();
        if (answer.status === 100) answer = await connection.head();
        assert.equal(answer.status, 200);
    });
    await test("100-continue: not when it is refused; nothing of the body is read as a request", async () => {
        const connection = open("POST", "closed", ["Content-Length: 40", "Expect: 100-continue"]);
        const answer = await connection.answer();
        assert.deepEqual([answer.status, answer.headers.connection], [401, "close"]);
        assert.equal((await (await open("GET", "probe/x", ["Expect: 200-ok"])).answer()).status, 417);
    });
    await test("request trailers are dropped, and cannot become headers", async () => {
        const connection = open("POST", "probe/mirror", [CHUNKED, "Trailer: x-late"]).send(`${chunk("a body")}0\r\nx-late: 1\r\nauthorization: Bearer x\r\n\r\n`);
        const mirror = (await connection.answer()).json();
        assert.deepEqual([mirror.body, mirror.headers["x-late"], mirror.headers.authorization, mirror.headers.trailer], ["a body", undefined, undefined, undefined]);
        connection.send(head("GET", path("probe/status/200")));
        assert.equal((await connection.answer()).text, "of 200");
    });
    await test("HTTP/1.0: answered, not chunked, and closed", async () => {
        for (const where of ["probe/status/200", "probe/events/2/10"]) {
            const connection = new Connection(gateway.port).send(`GET ${path(where)} HTTP/1.0\r\n\r\n`);
            const answer = await connection.answer();
            assert.deepEqual([answer.status, answer.headers["transfer-encoding"], answer.headers.connection], [200, undefined, "close"]);
            assert(answer.text.length > 5);
            await connection.closed();
        }
    });
    await test("pipelined requests are answered one by one, in order", async () => {
        const connection = new Connection(gateway.port);
        const requests = ["probe/sleep/150", "no-such-fn", "probe/status/204", "probe/status/201", "closed"];
        connection.send(requests.map((where) => head("GET", path(where))).join("") + head("POST", path("probe/size"), ["Content-Length: 3"]) + "abc");
        const statuses = [];
        for (let i = 0; i < 5; i++) statuses.push((await connection.answer()).status);
        assert.deepEqual(statuses, [200, 404, 204, 201, 401]);
        assert.equal((await connection.answer()).text, "3");
    });
    await test("pipelined requests behind one that was refused for its form are never read", async () => {
        const { bodies } = await seen();
        const connection = new Connection(gateway.port);
        connection.send(`POST ${path("probe/size")} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${head("POST", path("probe/body"), ["Content-Length: 1"])}x`);
        const answer = await connection.answer();
        assert.deepEqual([answer.status, answer.json().reason, answer.headers.connection], [400, "bad_request", "close"]);
        await connection.closed();
        assert.deepEqual((await seen()).bodies, bodies);
    });
    await test("8.14 HEAD reaches the function as HEAD; the next answer on the connection is the next one's", async () => {
        const connection = open("HEAD", "probe/status/200").send(head("HEAD", path("probe/mirror")) + head("GET", path("probe/status/202")));
        const answer = await connection.answer({ bodiless: true });
        assert.deepEqual([answer.status, answer.headers["x-own"]], [200, "1"]);
        assert.equal((await connection.answer({ bodiless: true })).status, 200);
        assert.equal((await connection.answer()).text, "of 202");
    });
    await test("204 and 304 have no body and no length of one; the connection goes on", async () => {
        const connection = new Connection(gateway.port);
        for (const status of [204, 304]) {
            connection.send(head("GET", path(`probe/status/${status}`)));
            const answer = await connection.head();
            assert.deepEqual([answer.status, answer.headers["x-own"], answer.headers["transfer-encoding"]], [status, "1", undefined]);
            if (status === 204) assert.equal(answer.headers["content-length"], undefined);
        }
        connection.send(head("GET", path("probe/status/200")));
        assert.equal((await connection.answer()).text, "of 200");
    });
    await test("an answer before the body was sent: it arrives whole, and the rest of the body is no request", async () => {
        const connection = open("POST", "probe/early", ["Content-Length: 4000000"]);
        const answer = await connection.answer();
        assert.deepEqual([answer.status, answer.text], [403, "no need to"]);
        connection.send(head("GET", path("probe/status/200")));
        await connection.rest();
        // and one that goes on sending gets it too
        const body = Buffer.alloc(4 << 20, head("GET", path("no-such-fn")));
        const other = await gateway.ask("probe/early", { method: "POST", body, headers: { "content-length": body.length } });
        assert.deepEqual([other.status, other.text], [403, "no need to"]);
    });
    await test("a connection that was closed behind a refusal still delivers it: no reset over unread bytes", async () => {
        const connection = open("POST", "closed", ["Content-Length: 99999999999"]).send(Buffer.alloc(2 << 20));
        const answer = await connection.answer();
        assert.equal(answer.status, 401);
    });
    await test("an idle connection is closed in the end, in order", async () => {
        const connection = open("GET", "probe/status/200");
        assert.equal((await connection.answer()).status, 200);
        assert.equal(await connection.closed(), "end");
    });
    await test("too many connections of one address: 503, and the others go on", async () => {
        const connections = [];
        const answers = [];
        for (let i = 0; i < 42; i++) connections.push(new Connection(gateway.port).send(head("GET", "/")));
        for (const connection of connections) answers.push((await connection.answer()).status);
        assert.equal(answers.filter((status) => status === 200).length, 40);
        assert.equal(answers.filter((status) => status === 503).length, 2);
        for (const connection of connections) connection.close();
        await eventually(() => gateway.metric("onetube_connections_open"), 1);
    });
}

// -- WebSockets -------------------------------------------------------------------------------------

/** One masked frame (RFC 6455 section 5.2). */
function frame(opcode, payload) {
    const mask = randomBytes(4);
    const data = Buffer.from(payload);
    const size = data.length < 126 ? Buffer.from([0x80 | data.length]) : Buffer.concat([Buffer.from([0xfe]), Buffer.from([data.length >> 8, data.length & 255])]);
    return Buffer.concat([Buffer.from([0x80 | opcode]), size, mask, data.map((byte, i) => byte ^ mask[i & 3])]);
}

async function nextFrame(connection) {
    const [first, second] = await connection.bytes(2);
    let size = second & 127;
    if (size === 126) size = (await connection.bytes(2)).readUInt16BE();
    return { opcode: first & 15, data: await connection.bytes(size) };
}

const closeFrame = (code, reason) => frame(8, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));

async function sockets(gateway) {
    const { seen } = tools(gateway);
    const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${KEY}`];
    const open = async (where = "probe/socket") => {
        const connection = new Connection(gateway.port).send(head("GET", path(where), upgrade));
        const answer = await connection.head();
        assert.equal(answer.status, 101);
        assert.equal(answer.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert.match(answer.headers["x-1tube-invocation-id"], /^[0-9a-f-]{36}$/);
        return connection;
    };
    await test("15.20 WebSocket: text and bytes come back, of any size", async () => {
        const connection = await open();
        for (const [opcode, data] of [[1, "hello"], [2, randomBytes(60_000)], [1, ""], [1, "grüße"]]) {
            connection.send(frame(opcode, data));
            const echo = await nextFrame(connection);
            assert.deepEqual([echo.opcode, echo.data.toString("hex")], [opcode, Buffer.from(data).toString("hex")]);
        }
        connection.send(frame(9, "ping"));
        assert.deepEqual(await nextFrame(connection), { opcode: 10, data: Buffer.from("ping") });
    });
    await test("15.20 WebSocket: bytes behind the handshake are not lost", async () => {
        const connection = new Connection(gateway.port).send(Buffer.concat([Buffer.from(head("GET", path("probe/socket"), upgrade)), frame(1, "early bird")]));
        assert.equal((await connection.head()).status, 101);
        assert.equal((await nextFrame(connection)).data.toString(), "early bird");
    });
    await test("15.20 WebSocket: close codes both ways", async () => {
        const connection = await open();
        connection.send(closeFrame(4000, "enough"));
        const echo = await nextFrame(connection);
        assert.deepEqual([echo.opcode, echo.data.readUInt16BE()], [8, 4000]);
        await eventually(async () => (await seen()).bodies.includes("closed 4000 enough"), true);
        const other = await open();
        other.send(frame(1, "close 4001"));
        const asked = await nextFrame(other);
        assert.deepEqual([asked.opcode, asked.data.readUInt16BE(), asked.data.subarray(2).toString()], [8, 4001, "as asked"]);
        other.send(closeFrame(4001, "as asked"));
        await other.rest();
    });
    await test("15.20 WebSocket: one that is quiet is closed, one that is not stays; they are counted", async () => {
        const quiet = await open();
        const busy = await open();
        await eventually(async () => (await gateway.metric("onetube_websockets_open")) >= 2, true);
        let over = false;
        const closed = quiet.rest().then(() => (over = true));
        for (let i = 0; !over && i < 40; i++) {
            busy.send(frame(1, "still here"));
            assert.equal((await nextFrame(busy)).data.toString(), "still here");
            await sleep(100);
        }
        await within(5000, closed, "the quiet one's end");
        busy.send(frame(1, "and on"));
        assert.equal((await nextFrame(busy)).data.toString(), "and on");
        busy.close();
        await eventually(() => gateway.metric("onetube_websockets_open"), 0);
    });
    await test("15.20 WebSocket: authentication and unknown names come first; what is no handshake is a request", async () => {
        for (const [where, status] of [["closed", 401], ["no-such-fn", 404]]) {
            const connection = new Connection(gateway.port).send(head("GET", path(where), upgrade));
            assert.equal((await connection.answer()).status, status);
            connection.close();
        }
        const half = new Connection(gateway.port).send(head("GET", path("probe/socket"), ["Connection: Upgrade", "Upgrade: h2c"]));
        assert.equal((await half.answer()).status, 426);
    });
    await test("a WebSocket whose client vanishes is over for the function too", async () => {
        const { bodies } = await seen();
        (await open()).reset();
        await eventually(async () => (await seen()).bodies.slice(bodies.length).filter((one) => one.startsWith("closed")).length, 1);
    });
}

export async function streams(payload) {
    const args = ["--default-rpm", "100000", "--body-limit-mb", "0", "--stream-idle-ms", "1500", "--websocket-idle-ms", "1200", "--keepalive-ms", "1000", "--log-format", "json"];
    await serving("streams", [payload, [...args, "--max-connections-per-address", "40"]], async (gateway) => {
        await unbuffered(gateway);
        await pressure(gateway);
        await dust(gateway);
        await leaving(gateway);
        await protocol(gateway);
        await sockets(gateway);
    });
}
