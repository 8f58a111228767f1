// A project on npm: package.json, tsconfig.json with paths and JSX, Hono, and servers written for Node.

export const functions = "functions";

export const as = "ann";

export const env = { JWT_SECRET: "a-secret-of-at-least-32-bytes-long" };

import { createHmac } from "node:crypto";

const head = `${Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url")}.${Buffer.from('{"scope":"orders","sub":"bob","iat":1700000000}').toString("base64url")}`;
const token = `${head}.${createHmac("sha256", env.JWT_SECRET).update(head).digest("base64url")}`;
const bearer = { authorization: `Bearer ${token}` };

export const answers = {
    api: [
        { get: "/api/health", as: "", text: "ok", has: { etag: '"7a85f4764bbd6daf1c3545efbbf0f279a6dc0beb"' } },
        { post: "/api/login/bob", text: token },
        { post: "/api/orders", body: { item: "tea" }, status: 401, json: { error: "unauthorized" } },
        { post: "/api/orders", headers: bearer, body: { item: "tea" }, status: 201, json: { item: "tea", quantity: 1, by: "bob" } },
        { post: "/api/orders", headers: bearer, body: { item: "", quantity: 0.5 }, status: 400, json: { issues: ["item too_small", "quantity invalid_type"] } },
        { get: "/api/orders/mine", headers: bearer, json: [{ item: "tea", quantity: 1, by: "bob" }] },
    ],
    pages: [
        { get: "/pages/views/cart", text: '<!DOCTYPE html><html lang="en"><title>Cart</title><body><ul><li>tea</li><li>a&amp;b</li></ul></body></html>' },
        { get: "/pages/raw", text: "<p><b>bold</b> &lt;i&gt;</p>" },
        { get: "/pages/stream", pieces: ["one\n", "two\n"], has: { "content-type": "text/plain; charset=UTF-8" } },
        { get: "/pages/events", pieces: ["event: tick\ndata: n0\nid: 0\n\n", "event: tick\ndata: n1\nid: 1\n\n"], has: { "content-type": "text/event-stream" } },
    ],
    "node-server": [
        { get: "/node-server/motd", text: "Open all day.\n", log: /Server is running on http:\/\/localhost:8787/ },
        { get: "/node-server/visits", headers: { cookie: "visits=4" }, text: "visit 5", has: { "set-cookie": ["visits=5; Path=/; HttpOnly"] } },
        {
            post: "/node-server/upload", headers: { "content-type": "multipart/form-data; boundary=xx" },
            body: '--xx\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\n\r\n123\r\n--xx\r\ncontent-disposition: form-data; name="note"\r\n\r\nn\r\n--xx--\r\n',
            json: { name: "a.bin", size: 3, note: "n" },
        },
        { get: "/node-server/none", status: 404, text: "404 Not Found" },
    ],
    "node-adapter": [{ get: "/node-adapter", json: { id: 1 } }, { get: "/node-adapter/x", json: { id: 2 } }],
    legacy: [
        { post: "/legacy/orders", body: { item: "tea" }, status: 201, json: { id: 8 }, has: { location: "/legacy/orders/8", "x-powered-by": null } },
        { get: "/legacy/orders/8", json: { item: "tea" } },
        { get: "/legacy/orders/9", status: 404, text: "Not Found" },
        { get: "/legacy/files", json: { dir: "/bundle/files/legacy", file: "/bundle/files/legacy/server.js", main: "function" } },
        { get: "/legacy/fail", status: 500, json: { error: "broken route" } },
        { post: "/legacy/orders", headers: { "content-type": "application/json" }, body: "{", status: 400, json: { error: "Expected property name or '}' in JSON at position 1 (line 1 column 2)" } },
    ],
    forms: [
        { post: "/forms", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "user[name]=Ann&user[tags][]=a&user[tags][]=b", text: "<p>Ann a+b</p>", has: { "content-type": "text/html; charset=utf-8" } },
        { get: "/forms/stream", pieces: ["a", "b", "c"] },
        { get: "/forms/none", status: 404 , text: '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot GET /forms/none</pre>\n</body>\n</html>\n' },
    ],
    "koa-app": [
        { put: "/koa-app/x?a=1", json: { path: "/koa-app/x", query: { a: "1" } }, has: { "x-method": "PUT" } },
        { get: "/koa-app?bad=1", status: 400, json: { error: "bad query" } },
    ],
    controllers: [
        { get: "/controllers/list", json: ["a", "b"] },
        { post: "/controllers/add", body: "x", json: { added: "x" } },
        { delete: "/controllers/add", status: 404, text: "no route" },
    ],
    payments: [
        { get: "/payments", json: { charge: { id: "ch_1", object: "charge", description: "GET /v1/charges?limit=1" }, checked: { fraud: false, format: "json_object" } } },
    ],
    isolated: [
        { get: "/isolated", json: { ticking: false } },
        { get: "/isolated", until: true, json: { ticking: true } },
    ],
    "single-requests": [{ get: "/single-requests", json: { started: 1 } }, { get: "/single-requests", json: { started: 2 } }],
    sockets: [
        { get: "/sockets", text: "connect to /sockets/ws" },
        { get: "/sockets/ws?name=ann", socket: ["< hello ann", "> a", "< got a"] },
    ],
    plain: [
        { options: "/plain", status: 204, text: "", has: { "x-method": "OPTIONS /" } },
        { head: "/plain/plain", status: 204, has: { "x-method": "HEAD /plain" } },
    ],
};
