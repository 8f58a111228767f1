// What functions may reach (permissions.net) and read (permissions.env), in cells of their own, in a shared one, and in onetube-serve.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import { build, makePayload, root, runProgram, serving, test, until, within, work } from "./harness.mjs";

const source = `
import { connect } from "cloudflare:sockets";
import nodeHttp from "node:http";
import nodeNet from "node:net";
const bytes = new TextEncoder(), text = new TextDecoder();
const actions = {
    fetch: async (target) => { const answer = await fetch(target); return answer.status + " " + await answer.text(); },
    // both ways at once: what comes back is read while the rest has not been sent
    stream: async (target) => {
        const { readable, writable } = new TransformStream();
        const writer = writable.getWriter();
        const answered = fetch(target, { method: "POST", body: readable });
        await writer.write(bytes.encode("one "));
        const reader = (await answered).body.getReader();
        let got = text.decode((await reader.read()).value);
        writer.write(bytes.encode("two")).then(() => writer.close());
        for (let part; !(part = await reader.read()).done; ) got += text.decode(part.value);
        return got;
    },
    size: async (target) => { let size = 0; for await (const part of (await fetch(target)).body) size += part.length; return size; },
    tcp: async (target) => {
        const socket = connect(target);
        const writer = socket.writable.getWriter();
        await writer.write(bytes.encode("hello"));
        const { value } = await socket.readable.getReader().read();
        return value ? text.decode(value) : "closed";
    },
    node: (target) => new Promise((resolve, reject) => {
        const colon = target.lastIndexOf(":");
        const socket = nodeNet.connect(Number(target.slice(colon + 1)), target.slice(0, colon));
        socket.on("error", reject).on("close", () => resolve("closed")).on("data", (data) => { resolve(String(data)); socket.destroy(); });
        socket.write("hello");
    }),
    strict: async (target) => (await fetch(target, { redirect: "error" })).text(),
    // as node-fetch asks: each header is a list
    lists: (target) => new Promise((resolve, reject) => {
        const request = nodeHttp.request(target, { method: "POST", headers: { "x-a": ["1", "2"] } }, (response) => response.on("data", (data) => resolve(String(data))));
        request.on("error", reject).write("listed");
        request.end();
    }),
    socket: (target) => new Promise((resolve, reject) => {
        const socket = new WebSocket(target);
        socket.onopen = () => socket.send("hello");
        socket.onmessage = ({ data }) => { resolve(data); socket.close(); };
        socket.onerror = ({ message }) => reject(new Error(message));
    }),
    env: () => JSON.stringify(Object.keys(Deno.env.toObject()).filter((name) => name.startsWith("NET_")).sort()),
};
Deno.serve(async (request) => {
    const { searchParams } = new URL(request.url);
    try {
        return new Response("done " + await actions[searchParams.get("do")](searchParams.get("what")));
    } catch (error) {
        return new Response(error.name + ": " + error.message);
    }
});`;

// -- servers on loopback ------------------------------------------------------------------------------

function answer(request, response) {
    if (request.url === "/away") return response.writeHead(302, { location: "http://api.example.com/secret" }).end();
    if (request.url === "/large") return response.end(Buffer.alloc(8 << 20, "x"));
    if (request.method === "POST") return request.pipe(response);
    response.end(`${request.headers.host} ${request.url}`);
}

function upgrade(request, socket) {
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.on("error", () => {});
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.once("data", () => socket.write(Buffer.from([0x81, 2, ...Buffer.from("hi")])));
}

async function openServers() {
    const keyFile = path.join(work, "net.key.pem");
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const { stdout: cert } = await runProgram("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", keyFile, ...subject]);
    const seen = new Set();
    const open = async (server) => {
        server.on("connection", (socket) => seen.add(socket.once("close", () => seen.delete(socket)).on("error", () => {})));
        await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
        return server;
    };
    const servers = {
        web: await open(http.createServer(answer).on("upgrade", upgrade)),
        other: await open(http.createServer(answer)),
        secure: await open(https.createServer({ key: readFileSync(keyFile), cert }, answer)),
        tcp: await open(net.createServer((socket) => socket.on("data", (data) => socket.write(`got ${data}`)))),
    };
    const ports = Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, server.address().port]));
    const close = () => {
        for (const server of Object.values(servers)) server.close();
        for (const socket of seen) socket.destroy();
    };
    return { ports, close };
}

// -- what is expected -----------------------------------------------------------------------------------

const missing = (name, host) => `TypeError: permissions.net of "${name}" does not name ${host}`;

/** Functions by what their permissions.net is; some have the names of the engine's own services. */
const functionsFor = ({ web, tcp }) => ({
    internet: { net: [] },
    absent: {},
    any: { net: ["*"] },
    named: { net: ["api.example.org", "localhost", `127.0.0.1:${web}`, `127.0.0.2:${tcp}`] },
    egress: { net: ["127.0.0.0/8", "fd00::/8"] },
    both: { net: ["*", "127.0.0.0/8"] },
    "both-named": { net: ["*", "127.0.0.0/8", "localhost:1"] },
    "both-single": { net: ["*", "127.0.0.1", "[::1]"] },
    below: { net: ["*.invalid"] },
});

/** [function, action, target, what it gets; a RegExp or a text] */
const casesFor = ({ web, other, secure, tcp }) => {
    const at = (host, port, end = "/x") => `http://${host}:${port}${end}`;
    const blocked = /^TypeError: fetch: cannot reach /;
    return [
        ["internet", "fetch", at("127.0.0.1", web), missing("internet", `127.0.0.1:${web}`)],
        ["internet", "fetch", "https://api.example.com/", missing("internet", "api.example.com:443")],
        ["internet", "tcp", `127.0.0.1:${tcp}`, /^(done closed|Error: Network connection lost\.)$/],
        ["internet", "node", `127.0.0.1:${tcp}`, /^(done closed|Error: Network connection lost\.)$/],
        ["internet", "socket", `ws://127.0.0.1:${web}/`, new RegExp(`does not name 127\\.0\\.0\\.1:${web}$`)],
        ["absent", "fetch", at("127.0.0.1", web), blocked],
        ["absent", "tcp", `127.0.0.1:${tcp}`, /cannot connect/],
        ["any", "fetch", at("localhost", web), blocked],
        ["any", "fetch", "http://169.254.169.254/latest/meta-data/", blocked],
        ["any", "fetch", at("[::ffff:127.0.0.1]", web), blocked],
        ["named", "fetch", at("127.0.0.1", web), `done 200 127.0.0.1:${web} /x`],
        ["named", "fetch", at("0x7f.1", web), `done 200 127.0.0.1:${web} /x`],
        ["named", "fetch", at("[::ffff:127.0.0.1]", web), /^done 200 /],
        ["named", "fetch", at("LocalHost", other), `done 200 localhost:${other} /x`],
        ["named", "fetch", at("127.0.0.1", other), missing("named", `127.0.0.1:${other}`)],
        ["named", "fetch", at("127.0.0.2", web), missing("named", `127.0.0.2:${web}`)],
        ["named", "fetch", "http://api.example.com/", missing("named", "api.example.com:80")],
        ["named", "fetch", "http://x.api.example.org/", missing("named", "x.api.example.org:80")],
        ["named", "fetch", "http://api.example.org@api.example.com/", missing("named", "api.example.com:80")],
        ["named", "fetch", at("127.0.0.1", web, "/away"), missing("named", "api.example.com:80")],
        ["named", "strict", at("127.0.0.1", web), `done 127.0.0.1:${web} /x`],
        ["named", "strict", at("127.0.0.1", web, "/away"), `TypeError: fetch: ${at("127.0.0.1", web, "/away")} redirects, which redirect: "error" refuses`],
        ["named", "lists", at("127.0.0.1", web), "done listed"],
        ["named", "stream", at("127.0.0.1", web), "done one two"],
        ["named", "size", at("127.0.0.1", web, "/large"), `done ${8 << 20}`],
        ["named", "socket", `ws://127.0.0.1:${web}/`, "done hi"],
        ["named", "tcp", `localhost:${tcp}`, "done got hello"],
        ["named", "node", `localhost:${tcp}`, "done got hello"],
        ["named", "tcp", `127.0.0.1:${tcp}`, /^(done closed|Error: Network connection lost\.)$/],
        ["named", "tcp", `2130706433:${tcp}`, /^(done closed|Error: Network connection lost\.)$/],
        ["named", "tcp", `localhost:1@127.0.0.1:${tcp}`, /^(done closed|Error: Network connection lost\.|TypeError: .*)$/],
        // nobody vouches for this server's certificate
        ["named", "fetch", `https://localhost:${secure}/`, blocked],
        ["egress", "fetch", at("127.0.0.1", other), `done 200 127.0.0.1:${other} /x`],
        ["egress", "tcp", `127.0.0.1:${tcp}`, "done got hello"],
        ["egress", "fetch", at("localhost", web), missing("egress", `localhost:${web}`)],
        ["egress", "fetch", "http://10.0.0.1/", missing("egress", "10.0.0.1:80")],
        ["egress", "fetch", "http://[fe80::1]/", missing("egress", "[fe80::1]:80")],
        ["both", "fetch", at("localhost", web), `done 200 localhost:${web} /x`],
        ["both", "fetch", "http://169.254.169.254/", blocked],
        ["both-single", "fetch", at("127.0.0.1", web), `done 200 127.0.0.1:${web} /x`],
        ["both-single", "fetch", at("127.0.0.2", web), blocked],
        ["both-named", "fetch", at("localhost", web), `done 200 localhost:${web} /x`],
        ["both-named", "fetch", "http://169.254.169.254/", blocked],
        ["below", "fetch", "http://a.invalid/", blocked], // let through, but there is no such host
        ["below", "fetch", "http://invalid/", missing("below", "invalid:80")],
        ["below", "fetch", at("localhost", web), missing("below", `localhost:${web}`)],
    ];
};

async function checkAll(ask, ports) {
    for (const [name, action, target, expected] of casesFor(ports)) {
        const got = await ask(name, `do=${action}&what=${encodeURIComponent(target)}`);
        if (expected instanceof RegExp) assert.match(got, expected, `${name}: ${action} ${target}: ${got}`);
        else assert.equal(got, expected, `${name}: ${action} ${target}`);
    }
}

// -- the worker's rules, which need no network ----------------------------------------------------------

async function loadRules() {
    const text = readFileSync(path.join(root, "engine/egress.js"), "utf8");
    const { default: worker } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    return (props, url) => {
        const network = (name) => ({ fetch: () => name });
        const env = { internet: network("internet"), named: network("named"), "net:f": network("net:f") };
        const { error } = console;
        console.error = () => {};
        try {
            return worker.fetch({ url }, env, { props: { function: JSON.stringify(props), any: false, names: [], below: [], ranges: [], network: "internet", ...props } });
        } catch {
            return "refused";
        } finally {
            console.error = error;
        }
    };
}

const hex = (text) => text.padStart(32, "0");
const ruleCases = [
    [{ names: [["a.example", 0]] }, "https://a.example/", "named"],
    [{ names: [["a.example", 0]] }, "https://b.a.example/", "refused"],
    [{ names: [["a.example", 443]] }, "https://A.example/", "named"],
    [{ names: [["a.example", 443]] }, "http://a.example/", "refused"],
    [{ names: [["a.example", 0]] }, "http://a.example./", "named"],
    [{ names: [["a.example", 80]] }, "http://a.example/", "named"],
    [{ names: [["a.example", 8443]] }, "https://a.example:8443/", "named"],
    [{ below: [["example", 0]] }, "https://a.example/", "internet"],
    [{ below: [["example", 0]] }, "https://a.b.example./", "internet"],
    [{ below: [["example", 0]] }, "https://example/", "refused"],
    [{ below: [["example", 0]] }, "https://anexample/", "refused"],
    [{ below: [["example", 80]], network: "net:f" }, "http://a.example/", "net:f"],
    [{ below: [["example", 80]] }, "https://a.example/", "refused"],
    [{ ranges: [[hex("ffff0a000000"), 104, 0]] }, "http://10.255.255.255/", "named"],
    [{ ranges: [[hex("ffff0a000000"), 104, 0]] }, "http://11.0.0.0/", "refused"],
    [{ ranges: [[hex("ffff0a000000"), 104, 0]] }, "http://[::ffff:a00:1]/", "named"],
    [{ ranges: [[hex("ffff0a000000"), 104, 0]] }, "http://[::a00:1]/", "refused"],
    [{ ranges: [[hex("0"), 0, 0]] }, "http://[2001:db8::1]/", "named"],
    [{ ranges: [[hex("0"), 0, 0]] }, "http://10.0.0.1/", "refused"],
    [{ ranges: [[hex("0"), 0, 0]] }, "http://[::ffff:10.0.0.1]/", "refused"],
    [{ ranges: [[hex("ffff00000000"), 96, 0]] }, "http://255.255.255.255/", "named"],
    [{ ranges: [["20010db8000000000000000000000001", 128, 5432]] }, "http://[2001:db8:0:0::1]:5432/", "named"],
    [{ ranges: [["20010db8000000000000000000000001", 128, 5432]] }, "http://[2001:db8::1]/", "refused"],
    [{ ranges: [["20010db8000100020003000400050006", 128, 0]] }, "http://[2001:db8:1:2:3:4:5:6]/", "named"],
    [{ ranges: [[hex("1"), 128, 0]] }, "http://[::1]/", "named"],
    [{ ranges: [["fe800000000000000000000000000000", 10, 0]] }, "http://[fe80::]/", "named"],
    [{ any: true }, "http://a.example/", "internet"],
    [{ any: true, names: [["a.example", 80]] }, "http://a.example/", "named"],
    [{ any: true, names: [["a.example", 80]] }, "https://a.example/", "internet"],
    [{ any: true, ranges: [[hex("ffff0a000000"), 104, 0]], network: "net:f" }, "http://10.0.0.1/", "named"],
    [{ any: true, ranges: [[hex("ffff0a000000"), 104, 0]], network: "net:f" }, "http://b.example/", "net:f"],
    [{}, "http://127.0.0.1/", "refused"],
];

// -- environment ----------------------------------------------------------------------------------------

const envNames = ["NET_A", "NET_B", "NET_UNSET"];
const envFunctions = {
    "env-one": { config: { env: ["NET_B"] }, sees: ["NET_B"] },
    "env-all": { config: { env: ["*"] }, sees: ["NET_A", "NET_B"] },
    "env-none": { config: { env: [] }, sees: [] },
    "env-absent": { config: {}, sees: ["NET_A", "NET_B"] },
    "env-other": { config: { env: ["NET_SECRET", "NET_UNSET", "net_a"] }, sees: [] },
};
const environment = { NET_A: "a", NET_B: "b", NET_SECRET: "not named by the manifest" };

async function checkEnvironment(ask) {
    for (const [name, { sees }] of Object.entries(envFunctions)) assert.equal(await ask(name, "do=env"), `done ${JSON.stringify(sees)}`, name);
}

// -- onetube-serve ---------------------------------------------------------------------------------------

async function servingMin(payload, run) {
    const folder = mkdtempSync(path.join(work, "min-"));
    const socketPath = path.join(folder, "s");
    const options = ["--trust", path.join(work, "release.pub.pem"), "--listen", `unix:${socketPath}`, "--env", "NET_A,NET_B,NET_SECRET,NET_UNSET", "--ready-fd", "3"];
    const child = spawn(path.join(build, "onetube-serve"), [payload, ...options], { env: { PATH: process.env.PATH, ...environment }, stdio: ["ignore", "pipe", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    const ended = new Promise((resolve) => child.once("close", resolve));
    const ready = new Promise((resolve) => child.stdio[3].once("data", resolve).once("close", resolve));
    const ask = (name, query) =>
        new Promise((resolve, reject) => {
            const request = http.request({ socketPath, path: `/functions/v1/${name}?${query}`, agent: false }, (response) => {
                let text = "";
                response.setEncoding("utf8").on("data", (part) => (text += part)).once("end", () => resolve(text));
            });
            request.once("error", reject).end();
        });
    try {
        await within(20_000, ready, "ready");
        await run(ask, () => said);
    } finally {
        child.kill("SIGTERM");
        await within(20_000, ended, "its end").finally(() => child.kill("SIGKILL"));
        rmSync(folder, { recursive: true });
    }
}

// -- all of it ---------------------------------------------------------------------------------------------

export async function networks() {
    const { ports, close } = await openServers();
    const config = (permissions) => ({ public: true, rpm: 0, permissions });
    const functions = Object.fromEntries([
        ...Object.entries(functionsFor(ports)).map(([name, permissions]) => [name, { config: config(permissions), source }]),
        ...Object.entries(envFunctions).map(([name, { config: permissions }]) => [name, { config: config(permissions), source }]),
    ]);
    const payload = await makePayload(functions, { env: envNames });

    await test("NET1 rules: names, suffixes, addresses, ranges and ports", async () => {
        const decide = await loadRules();
        for (const [props, url, expected] of ruleCases) assert.equal(decide(props, url), expected, `${JSON.stringify(props)} ${url}`);
    });
    for (const isolation of ["function", "shared"]) {
        const args = ["--isolation", isolation, "--env", "NET_A,NET_B,NET_SECRET,NET_UNSET", "--log-format", "json"];
        await serving(`networks, --isolation ${isolation}`, [payload, args, environment], async (gateway) => {
            const ask = async (name, query) => (await gateway.ask(`${name}?${query}`)).text;
            await test(`NET2 ${isolation}: a function reaches what permissions.net names, and nothing else`, () => checkAll(ask, ports));
            await test(`NET3 ${isolation}: each refusal is one line of the log`, async () => {
                const message = `permissions.net of "below" does not name only.here:80`;
                assert.equal(await ask("below", "do=fetch&what=http://only.here/"), `TypeError: ${message}`);
                const lines = () => gateway.lines.filter((line) => JSON.stringify(line).includes("only.here"));
                await until(() => lines().length > 0);
                assert.deepEqual(lines().map((line) => line.message ?? line.msg), [message]);
            });
            await test(`ENV1 ${isolation}: a function reads what manifest, operator and permissions.env all name`, () => checkEnvironment(ask));
        });
    }
    await test("NET4 onetube-serve: the same", () =>
        servingMin(payload, async (ask) => {
            await checkAll(ask, ports);
            await checkEnvironment(ask);
        }));
    close();
}
