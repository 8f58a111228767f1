// Workers beside each other, each with a wrangler file of its own.

import { createHmac } from "node:crypto";

export const functions = ".";

export const as = "ann";

export const build = ["--minify", "--no-splitting"];

export const env = { SECRET: "s3cret" };

const MAC = createHmac("sha256", "s3cret").update("/a").digest("hex");

export const answers = {
    links: [
        { get: "/links", json: ["tea", "emma"] },
        { get: "/links/emma", status: 302, text: "", has: { location: "https://shop.example/books/emma" } },
        { get: "/links/gone", status: 302, text: "", has: { location: "https://shop.example/" } },
    ],
    render: [
        { get: "/render?name=Ann&lang=de", text: '<h1>Shop &lt;1&gt;</h1><p lang="de">Hallo<!-- -->, <!-- -->Ann<!-- -->!</p>', has: { "content-type": "text/html" } },
        { get: "/render", text: '<h1>Shop &lt;1&gt;</h1><p lang="en">Hello<!-- -->, <!-- -->you<!-- -->!</p>' },
    ],
    thumbs: [{ get: "/thumbs?side=3&side=4", json: { around: 14, profile: 9 } }],
    resize: [{ get: "/resize", json: [true, 3, 7, 4] }],
    "chat-room": [
        { get: "/chat-room", status: 426, text: "Expected Upgrade: websocket" },
        { get: "/chat-room", socket: ["> a", '< {"count":1,"data":"a"}', "> b", '< {"count":2,"data":"b"}'] },
    ],
    "echo-socket": [{ get: "/echo-socket", socket: ["> hi", "< HI", "> bye", "< BYE"] }],
    signed: [
        { post: "/signed/a", text: MAC, has: { "x-expires": "60" } },
        { get: `/signed/a?mac=${MAC}`, text: "valid" },
        { get: `/signed/b?mac=${MAC}`, status: 403, text: "forged" },
    ],
    rewrite: [{ get: "/rewrite", text: '<html><body><h1>New</h1><a href="https://shop.example/x">x</a></body></html>' }],
    counter: [
        { get: "/counter", json: { requests: 1 } },
        { get: "/counter/work", json: { requests: 2 } },
        { get: "/counter/work", json: { requests: 3 } },
        { get: "/counter/done", until: true, text: "2 done" },
    ],
    cached: [
        { get: "/cached?a", json: { made: 1, path: "/" } },
        { get: "/cached?a", json: { made: 1, path: "/" }, has: { "cache-control": "s-maxage=60" } },
        { get: "/cached/b//c/?b", json: { made: 2, path: "/b//c/" } },
    ],
    room: [
        { get: "/room", text: "the room" },
        { get: "/room/ws", socket: ["> hi", "< room: hi"] },
    ],
    gateway: [
        { get: "/gateway/seen", status: 401, json: { error: "no key" } },
        { get: "/gateway/to/a", headers: { "x-api-key": "k1" }, status: 302, text: "", has: { location: "/one" } },
        { get: "/gateway/fail", headers: { "x-api-key": "k1" }, status: 502, text: "failed: upstream" },
        { get: "/gateway/seen", headers: { "x-api-key": "k1" }, json: { seen: ["/gateway/to/a", "/gateway/fail"], runtime: "workerd" } },
    ],
};
