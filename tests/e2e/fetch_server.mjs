// A server with everything that onetube-fetch must cope with, and the files of a folder, if one is given: node
// fetch_server.mjs KEY CERT [FOLDER]. Prints "<https port> <http port>" once it listens; ends with its standard input.
// What is asked for goes to standard error.
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { extname } from "node:path";

const [key, cert] = process.argv.slice(2, 4).map((file) => readFileSync(file));
const folder = process.argv[4];
const types = {
    ".ts": "application/typescript; charset=utf-8",
    ".js": "text/javascript",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".html": "text/html",
    ".txt": "text/plain",
};
const secure = https.createServer({ key, cert });
const plain = http.createServer();
const at = (server) => server.address().port;

const endless = (res) => {
    const more = () => {
        while (!res.destroyed && res.write("x".repeat(65536)));
    };
    res.on("drain", more);
    more();
};

const answers = {
    "/ok": (_, res) => res.writeHead(200, { "content-type": "text/x-test; a=b", etag: '"e1"' }).end("body\n"),
    "/empty": (_, res) => res.end(),
    "/headers": (req, res) => res.end(`${JSON.stringify(req.headers)}\n`),
    "/relative": (_, res) => res.writeHead(302, { location: "ok" }).end("not this"),
    "/loop": (_, res) => res.writeHead(307, { location: "/loop" }).end(),
    "/nowhere": (_, res) => res.writeHead(301).end(),
    "/to-http": (_, res) => res.writeHead(302, { location: `http://127.0.0.1:${at(plain)}/ok` }).end(),
    "/to-https": (_, res) => res.writeHead(302, { location: `https://localhost:${at(secure)}/ok` }).end(),
    "/to-remote-http": (_, res) => res.writeHead(302, { location: "http://192.0.2.1/ok" }).end(),
    "/to-file": (_, res) => res.writeHead(302, { location: "file:///etc/passwd" }).end(),
    "/to-user": (_, res) => res.writeHead(302, { location: `https://a:b@localhost:${at(secure)}/ok` }).end(),
    "/same-origin": (_, res) => res.writeHead(302, { location: "/headers" }).end(),
    "/other-origin": (_, res) => res.writeHead(302, { location: `https://127.0.0.1:${at(secure)}/headers` }).end(),
    "/cookie": (_, res) => res.writeHead(302, { location: "/headers", "set-cookie": "a=b" }).end(),
    "/truncated": (_, res) => {
        res.writeHead(200, { "content-length": 100 }).write("half");
        setTimeout(() => res.destroy(), 50);
    },
    "/truncated-chunks": (_, res) => {
        res.write("half");
        setTimeout(() => res.destroy(), 50);
    },
    "/endless": (_, res) => endless(res),
    "/endless-redirect": (_, res) => endless(res.writeHead(302, { location: "/ok" })),
    "/declared-large": (_, res) => res.writeHead(200, { "content-length": 1e12 }).write("x".repeat(5000)),
    "/exact": (_, res) => res.end("x".repeat(1000)),
    "/slow": (_, res) => {
        const timer = setInterval(() => (res.destroyed ? clearInterval(timer) : res.write("x")), 20);
    },
    "/never": () => {},
    "/huge-header": (_, res) => {
        for (let i = 0; i < 40; i++) res.setHeader(`x-${i}`, "y".repeat(4096));
        res.end("body");
    },
    "/partial": (_, res) => res.writeHead(206).end("part"),
    "/none": (_, res) => res.writeHead(204).end(),
    "/error": (_, res) => res.writeHead(500).end("stack trace"),
};

const file = (req, res) => {
    const path = req.url.replace(/\?.*/, "");
    let body;
    try {
        body = readFileSync(folder + path);
    } catch {
        return res.writeHead(404).end("no such file");
    }
    const type = types[extname(path)];
    res.writeHead(200, type ? { "content-type": type } : {}).end(body);
};

for (const server of [secure, plain]) {
    server.on("request", (req, res) => {
        console.error(req.url);
        const moved = req.url.match(/^\/moved(\/.*)/);
        if (moved) res.writeHead(302, { location: moved[1] }).end();
        else (answers[req.url] ?? file)(req, res);
    });
}
secure.listen(0, "127.0.0.1", () => plain.listen(0, "127.0.0.1", () => console.log(at(secure), at(plain))));
process.stdin.on("end", () => process.exit()).resume();
