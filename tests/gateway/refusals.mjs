// What is refused, and exactly how: every row of the table of refusals, routing, body limit and body watchdog.

import assert from "node:assert/strict";
import { SERVICE_KEY, eventually, nice, refused, serving, sleep, test, token, until } from "./harness.mjs";
import { Connection, chunk, head } from "./raw.mjs";

const LIMIT = 262144;
const unknown = (name) => ({ error: `Function "${name}" not found`, reason: "unknown_function" });
const notFound = { error: "Not found", reason: "not_found" };
const unauthorized = { error: "Unauthorized", reason: "unauthorized" };
const tooLarge = { error: "Request body too large", reason: "body_too_large", maxBytes: LIMIT };
const timedOut = { error: "Function execution timed out", reason: "function_timeout" };
const stalled = { error: "Request body read timed out", reason: "body_timeout" };
const resting = { error: "Service temporarily unavailable", reason: "circuit_breaker_open" };

/** @param {import("./harness.mjs").Gateway} gateway */
async function routing(gateway) {
    await test("FF1 8.2 an unknown function: 404 with its name, before authentication and limits", async () => {
        refused(await gateway.ask("no-such-fn"), 404, unknown("no-such-fn"));
        const answer = await gateway.askAs("not.a.token", "no-such-fn/below?x=1", { method: "POST", body: "x".repeat(LIMIT + 1) });
        refused(answer, 404, unknown("no-such-fn"));
        assert.equal(answer.headers["ratelimit-limit"], undefined);
    });
    await test("FF1 hostile names are shown harmlessly", async () => {
        for (const name of ["a%22b", "%0d%0aset-cookie:x", "%00", "a'b", "__proto__", "constructor", "x".repeat(4000)]) {
            const answer = await gateway.ask(name);
            assert.equal(answer.status, 404);
            assert.equal(answer.json().reason, "unknown_function");
            assert(answer.bytes.length < 300);
            assert.equal(answer.headers["set-cookie"], undefined);
        }
    });
    await test("FF3 15.18 fifty unknown names leave no counter, bucket or label behind", async () => {
        const before = (await gateway.health()).metric_entries ?? (await gateway.metric("onetube_metric_entries"));
        for (let i = 0; i < 50; i++) assert.equal((await gateway.ask(`unknown-${i}/sub`)).status, 404);
        assert.equal(await gateway.metric("onetube_metric_entries"), before);
        const text = (await gateway.askAs("an-internal-key", "/metrics")).text;
        assert(!text.includes("unknown-"));
        assert(!text.includes("sub"));
    });
    await test("FF4 8.1 the prefix without a name is nobody's function", async () => {
        for (const path of ["/functions/v1", "/functions/v1/", "/functions/v1/?x=1", "/functions", "/other/hello", "/functions/v1x/probe"])
            refused(await gateway.ask(path), 404, notFound);
    });
    await test("FF5 3.8 only the first segment is the name; the function sees its path without the prefix", async () => {
        const urls = async (path) => new URL((await gateway.ask(path)).json().url);
        let url = await urls("probe/a/b%2Fc?x=%20y&x=2");
        assert.deepEqual([url.pathname, url.search], ["/probe/a/b%2Fc", "?x=%20y&x=2"]);
        url = await urls("probe");
        assert.deepEqual([url.pathname, url.search], ["/probe", ""]);
        url = await urls("probe/");
        assert.equal(url.pathname, "/probe/");
        assert.equal((await gateway.ask("workers/x")).text, "workers /workers/x");
    });
    await test("FF5 dot segments cannot reach a function other than the one that was checked", async () => {
        for (const path of ["probe/../closed", "probe/%2e%2e/closed", "probe/.%2E/closed", "./closed", "x/../probe/../closed"]) {
            const connection = new Connection(gateway.port).send(head("GET", `/functions/v1/${path}`));
            const answer = await connection.answer();
            assert.deepEqual([answer.status, answer.json()], [401, unauthorized], path);
            connection.close();
        }
        for (const path of ["probe\\..\\closed", "probe/\x01", "probe/#x"]) {
            const connection = new Connection(gateway.port).send(head("GET", `/functions/v1/${path}`));
            assert.equal((await connection.answer()).status, 400, path);
            connection.close();
        }
    });
    await test("8.1 all methods reach the function", async () => {
        for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY"]) {
            const answer = await gateway.ask("probe/x", { method });
            if (answer.status === 501) assert.equal(method, "QUERY"); // newer than the parser
            else assert.deepEqual([method, answer.json().method], [method, method]);
        }
        for (const method of ["TRACE", "CONNECT", "BREW"]) {
            const connection = new Connection(gateway.port).send(head(method, "/functions/v1/probe"));
            const answer = await connection.answer();
            assert([400, 405, 500, 501].includes(answer.status), `${method}: ${answer.status}`);
            connection.close();
        }
    });
}

async function bodies(gateway) {
    await test("BP1 BP3 8.5 exactly the limit passes, one byte more does not; declared or chunked", async () => {
        for (const headers of [{ "content-length": LIMIT }, { "transfer-encoding": "chunked" }]) {
            const answer = await gateway.ask("probe/size", { method: "POST", headers, body: "x".repeat(LIMIT) });
            assert.deepEqual([answer.status, answer.text], [200, String(LIMIT)]);
        }
        const body = "x".repeat(LIMIT + 1);
        refused(await gateway.ask("probe/size", { method: "POST", headers: { "content-length": LIMIT + 1 }, body }), 413, tooLarge);
        refused(await gateway.ask("probe/size", { method: "POST", headers: { "transfer-encoding": "chunked" }, body }), 413, tooLarge);
    });
    await test("BP2 8.2 what is declared too large is refused before a byte of it, and the function sees nothing", async () => {
        const before = (await gateway.ask("probe/seen")).json().bodies.length;
        const connection = new Connection(gateway.port);
        connection.send(head("POST", "/functions/v1/probe/body", ["Content-Length: 99999999999", "Expect: 100-continue"]));
        const answer = await connection.answer();
        assert.deepEqual([answer.status, answer.json(), answer.headers.connection], [413, tooLarge, "close"]);
        await connection.closed();
        assert.equal((await gateway.ask("probe/seen")).json().bodies.length, before);
    });
    await test("BW2 BW3 BW8 gaps below the limit are fine, though together they are longer", async () => {
        const connection = new Connection(gateway.port).send(head("POST", "/functions/v1/probe/body", ["Transfer-Encoding: chunked"]));
        for (let i = 0; i < 6; i++) {
            await sleep(150); // six of them are longer than the 500 ms that one may take
            connection.send(chunk(`part ${i} `));
        }
        connection.send("0\r\n\r\n");
        assert.equal((await connection.answer()).text, "part 0 part 1 part 2 part 3 part 4 part 5 ");
    });
    await test("BW4 BW5 15.10 8.2 a body that stands still: 408, not 502; the function's read fails", async () => {
        for (const framing of ["Transfer-Encoding: chunked", "Content-Length: 100"]) {
            const { length } = (await gateway.ask("probe/seen")).json().bodies;
            const connection = new Connection(gateway.port).send(head("POST", "/functions/v1/probe/body", [framing]));
            connection.send(framing.startsWith("T") ? chunk("a little") : "a little");
            const answer = await connection.answer();
            assert.deepEqual([answer.status, answer.json(), answer.headers.connection], [408, stalled, "close"]);
            await connection.closed();
            // it began, and no body ever came out of it
            await eventually(async () => (await gateway.ask("probe/seen")).json().bodies.slice(length), ["started"]);
        }
    });
    await test("BW7 no watchdog behind the body's end", async () => {
        const answer = await gateway.ask("probe/sleep/900", { method: "POST", body: "all of it" });
        assert.deepEqual([answer.status, answer.text], [200, "slept"]);
    });
    await test("15.10 a head that does not come to its end: 408; one byte at a time is no way around it", async () => {
        const connection = new Connection(gateway.port).send("GET / HTTP/1.1\r\nHost: x\r\n");
        const drip = setInterval(() => connection.send("a"), 100);
        const answer = await connection.answer();
        clearInterval(drip);
        assert.deepEqual([answer.status, answer.json().reason], [408, "header_timeout"]);
    });
}

async function failures(gateway) {
    await test("15.1 8.2 a closed function: 401 for nobody, before its engine is even started", async () => {
        refused(await gateway.ask("three-closed"), 401, unauthorized, { "www-authenticate": "Bearer" });
        assert.equal((await gateway.cell("three-closed")).starts, 0);
    });
    await test("8.2 15.10 too late: 504, and health and log know why", async () => {
        await until(async () => (await gateway.ask("quick/x")).status === 200); // its start may take as long
        refused(await gateway.ask("quick/sleep/5000"), 504, timedOut);
        await eventually(() => gateway.lines.some((line) => line.status === 504 && line.reason === "function_timeout"), true);
    });
    await test("15.11 the deadline holds while the answer streams: it is cut off, and visibly so", async () => {
        const connection = new Connection(gateway.port).send(head("GET", "/functions/v1/quick/drip"));
        const answer = await connection.head();
        assert.equal(answer.status, 200);
        const rest = (await connection.rest()).toString();
        assert(rest.length > 0 && !rest.endsWith("0\r\n\r\n"));
    });
    await test("15.9 8.2 what a handler throws: 500, and none of it reaches the client", async () => {
        for (const name of ["probe/throw", "broken"]) {
            const answer = await gateway.ask(name);
            assert.equal(answer.status, 500);
            assert(!/secret/.test(answer.text), answer.text);
            assert.equal(answer.json().error, "Internal server error");
        }
        await eventually(() => /a secret detail/.test(gateway.logged) && /a secret of loading/.test(gateway.logged), true);
    });
    await test("WE6 SV1 8.2 the breaker: three timeouts, then 503 with Retry-After and no call", async () => {
        await until(async () => (await gateway.ask("late/x")).status === 200);
        for (let i = 0; i < 3; i++) assert.equal((await gateway.ask("late/sleep/5000")).status, 504);
        refused(await gateway.ask("late"), 503, resting, { "retry-after": /^([1-9]|[1-5]\d|60)$/ });
    });
    await test("15.1 8.2 authentication comes before the breaker: nobody learns that a closed function rests", async () => {
        refused(await gateway.ask("closed"), 401, unauthorized);
    });
    await test("8.2 a whole refusal keeps the connection; what follows is answered", async () => {
        const connection = new Connection(gateway.port);
        for (const [path, status] of [["no-such", 404], ["closed", 401], ["probe/status/204", 204], ["no-such", 404]]) {
            connection.send(head("GET", `/functions/v1/${path}`));
            assert.equal((await connection.answer()).status, status);
        }
    });
    await test("8.2 HEAD gets a refusal's headers without its body", async () => {
        const connection = new Connection(gateway.port).send(head("HEAD", "/functions/v1/no-such") + head("GET", "/functions/v1/no-such"));
        const first = await connection.answer({ bodiless: true });
        const second = await connection.answer();
        assert.deepEqual([first.status, first.headers["content-length"]], [404, String(second.body.length)]);
    });
}

async function passes(gateway) {
    await test("15.19 the function sees the original host, and who called; no client can make that up", async () => {
        const headers = { host: "shop.example:8443", "x-forwarded-for": "1.2.3.4", "x-forwarded-host": "evil", "x-forwarded-proto": "https", "x-real-ip": "1.2.3.4" };
        const seen = (await gateway.ask("probe/x", { headers })).json();
        assert.equal(new URL(seen.url).host, "shop.example:8443");
        assert.deepEqual(
            [seen.headers.host, seen.headers["x-forwarded-for"], seen.headers["x-forwarded-host"], seen.headers["x-forwarded-proto"], seen.headers["x-real-ip"]],
            ["shop.example:8443", "127.0.0.1", "shop.example:8443", "http", undefined],
        );
    });
    await test("15.19 repeated answer headers stay apart; the function cannot make up a request id", async () => {
        const answer = await gateway.ask("probe/cookies");
        assert.deepEqual(answer.all("set-cookie"), ["a=1", "b=2"]);
        assert.equal(answer.all("x-1tube-invocation-id").length, 1);
        assert.notEqual(answer.headers["x-1tube-invocation-id"], "mine");
    });
    await test("8.4 the request's id: a new one each time, the same for function, answer and log", async () => {
        const ids = new Set();
        for (let i = 0; i < 5; i++) {
            const answer = await gateway.ask("probe/x", { headers: { "x-1tube-invocation-id": "forged" } });
            const id = answer.headers["x-1tube-invocation-id"];
            assert.equal(answer.json().headers["x-1tube-invocation-id"], id);
            ids.add(id);
            await eventually(() => gateway.lines.some((line) => line.id === id), true);
        }
        assert.equal(ids.size, 5);
    });
    await test("8.4 traceparent: the trace goes on, a malformed one does not", async () => {
        const seen = async (headers) => (await gateway.ask("probe/x", { headers })).json().headers.traceparent;
        const trace = "0af7651916cd43dd8448eb211c80319c";
        assert.match(await seen({ traceparent: `00-${trace}-b7ad6b7169203331-01` }), new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
        assert.match(await seen({ traceparent: "00-junk" }), /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    });
    await test("8.9 redirects are the client's to follow", async () => {
        const answer = await gateway.ask("probe/redirect");
        assert.deepEqual([answer.status, answer.headers.location], [302, "http://169.254.169.254/"]);
    });
    await test("15.2 hop-by-hop headers stay here; what Connection names too", async () => {
        const seen = (
            await gateway.ask("probe/x", { headers: { connection: "close, x-private", "x-private": "1", te: "trailers", "proxy-connection": "x", "keep-alive": "x" } })
        ).json().headers;
        assert.deepEqual([seen["x-private"], seen.te, seen["proxy-connection"], seen["keep-alive"]], [undefined, undefined, undefined, undefined]);
    });
}

export async function refusals(payload) {
    const args = ["--body-limit-mb", "0.25", "--body-read-ms", "500", "--header-timeout-ms", "700", "--log-format", "json", "--default-rpm", "100000"];
    await serving("refusals", [payload, args, { SUPABASE_SERVICE_ROLE_KEY: SERVICE_KEY }], async (gateway) => {
        await routing(gateway);
        await bodies(gateway);
        await failures(gateway);
        await passes(gateway);
    });
    await serving("without limits", [payload, ["--body-limit-mb", "0", "--body-read-ms", "0", "--route-prefix", "//edge///v2//"]], async (gateway) => {
        await test("RP1 RP3 RP4 RP5 a prefix of one's own, normalised; the usual one is 404", async () => {
            assert.equal(gateway.prefix, "/edge/v2");
            const url = new URL((await gateway.ask("probe/x?y=1")).json().url);
            assert.deepEqual([url.pathname, url.search], ["/probe/x", "?y=1"]);
            refused(await gateway.ask("/functions/v1/probe"), 404, notFound);
        });
        await test("BW1 BP1 no limit at all when they are off", async () => {
            const connection = new Connection(gateway.port).send(head("POST", "/edge/v2/probe/size", ["Transfer-Encoding: chunked"]));
            connection.send(chunk("x".repeat(600_000)));
            await sleep(700);
            connection.send(`${chunk("y")}0\r\n\r\n`);
            assert.equal((await connection.answer()).text, "600001");
            connection.close();
        });
        await test("8.6 somebody with a token is let in", async () => {
            const answer = await gateway.askAs(token({ sub: "u-1" }), "closed");
            assert.equal(answer.json().auth.userId, "u-1");
        });
    });
}

/** Engines that never get ready, and ones that end at once. @param {(text: string) => string} script a program of this text */
export async function unreadyEngines(payload, script) {
    const slow = script("#!/bin/sh\nexec sleep 60\n");
    await serving("slow engine", [payload, ["--engine", slow, "--warmup-grace-ms", "200"]], async (gateway) => {
        await test("8.2 an engine that is still starting: 503 function_warming with its headers", async () => {
            refused(await gateway.ask("probe"), 503, { error: "Function is warming up", reason: "function_warming" }, { "retry-after": "1", "x-1tube-warming": "1" });
        });
        await test("15.12 15.44 health and warm-up do not call that ready", async () => {
            const warmup = (await gateway.ask("/1tube/warmup")).json();
            assert.deepEqual([warmup.ready, warmup.loaded], [false, 0]);
            assert.equal((await gateway.cell("probe")).state, "starting");
        });
        await test("it is not nicer than others: somebody waits for it", async () => {
            assert.equal(nice((await gateway.cell("probe")).pid), nice(gateway.pid));
        });
    });
    const dead = script("#!/bin/sh\nexit 7\n");
    await serving("dead engine", [payload, ["--engine", dead]], async (gateway) => {
        await test("15.12 8.2 an engine that cannot start: 503 function_unavailable, and health says so", async () => {
            const answer = await gateway.ask("probe");
            refused(answer, 503, { error: "Function is not available", reason: "function_unavailable" }, { "retry-after": /^[1-9]\d*$/ });
            const health = await gateway.ask("/health");
            assert.deepEqual([health.status, health.json()], [503, { status: "degraded" }]);
            assert.deepEqual((await gateway.health()).unavailable, ["probe"]);
        });
        await test("15.12 it is tried again later, not given up", async () => {
            const { starts } = await gateway.cell("probe");
            await eventually(async () => (await gateway.ask("probe"), (await gateway.cell("probe")).starts > starts), true);
        });
    });
}
