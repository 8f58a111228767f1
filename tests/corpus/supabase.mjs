// A Supabase project: config.toml, an import map for all, a deno.json in some functions, _shared, code as Supabase's guides teach it.

import { createHmac } from "node:crypto";

export const functions = ".";

export const env = {
    SUPABASE_URL: "https://shop.supabase.example",
    SUPABASE_ANON_KEY: "anon",
    SUPABASE_SERVICE_ROLE_KEY: "service",
    STRIPE_API_KEY: "sk_test_1",
    STRIPE_WEBHOOK_SIGNING_SECRET: "whsec_1",
    TELEGRAM_BOT_TOKEN: "",
};

const FORM = "application/x-www-form-urlencoded";
const update = (text, more) => ({ update_id: 1, message: { message_id: 1, date: 0, chat: { id: 9, type: "private", first_name: "A" }, text, ...more } });
const command = (text) => update(text, { entities: [{ type: "bot_command", offset: 0, length: text.split(" ")[0].length }] });
const secret = { "x-telegram-bot-api-secret-token": "s3cret" };
const JWT =
    "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYnV5ZXIiLCJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDB9.";
const hmac = (text) => createHmac("sha256", "session-secret-of-32-bytes-long-!!").update(text).digest("base64url");
const BOUNDARY = { "content-type": "multipart/form-data; boundary=xx" };

export const answers = {
    api: [
        { get: "/api/orders/12", json: { id: 12 } },
        { get: "/api/orders/x", status: 404, json: { message: "Route GET:/api/orders/x not found", error: "Not Found", statusCode: 404 } },
        { get: "/api/files/a/b.txt", text: "a file", has: { "content-type": "text/plain", "x-path": "a/b.txt" } },
        { post: "/api/orders", body: { item: "tea", count: 2 }, status: 201, json: { item: "tea", count: 2 } },
        {
            post: "/api/orders",
            body: { item: "tea", count: 0 },
            status: 400,
            json: { statusCode: 400, code: "FST_ERR_VALIDATION", error: "Bad Request", message: "body/count must be >= 1" },
        },
    ],
    hello: [
        { post: "/hello", body: { name: "Functions" }, json: { message: "Hello Functions!" }, has: { "content-type": "application/json" }, log: /Hello from Functions!/ },
        { post: "/hello", body: "no json", status: 500, json: { error: "Internal server error" }, log: /hello\/index\.ts: POST \/hello: SyntaxError/ },
    ],
    me: [
        { get: "/me", status: 401, json: { error: "Unauthorized" } },
        { get: "/me", as: "u-7", headers: { authorization: "Bearer good" }, json: { user: "ann@example.com" } },
        { get: "/me", as: "u-7", headers: { authorization: "Bearer bad" }, status: 403, json: { error: "invalid JWT" } },
        { options: "/me", as: "u-7", text: "ok", has: { "access-control-allow-origin": "*" } },
    ],
    "admin-books": [
        { post: "/admin-books", body: {}, status: 401, json: { error: "Unauthorized" } },
        {
            post: "/admin-books", as: "boss", body: { title: "Persuasion", price: 5 },
            json: { data: { asked: "POST /rest/v1/books?on_conflict=title&select=id", body: '{"title":"Persuasion","price":5}' }, error: null, status: 201 },
        },
    ],
    books: [
        { get: "/books", json: { data: [{ id: 1, title: "Walden", price: 1200 }, { id: 2, title: "Emma", price: 900 }], count: 2 } },
        { get: "/books/2", json: { id: 2, title: "Emma", price: 900, cover: "https://shop.supabase.example/storage/v1/object/public/covers/2.png" } },
        { get: "/books/3", status: 404, json: { code: "PGRST116", message: "no rows" } },
    ],
    search: [
        { get: "/search?q=room+view", json: [{ title: "A Room with a View", score: 2 }, { title: "A Room of One's Own", score: 1 }], has: { "access-control-allow-origin": "*" } },
        { get: "/search?q=x&limit=99", status: 400, json: { error: ["q: too_small", "limit: too_big"] } },
        { get: "/search?q=zebra", json: [] },
    ],
    "stripe-webhook": [
        { post: "/stripe-webhook", headers: { "x-sign-as": "stripe" }, body: { id: "evt_1", object: "event", type: "charge.succeeded" }, text: '{"ok":true,"type":"charge.succeeded"}' },
        { post: "/stripe-webhook", headers: { "stripe-signature": "t=1,v1=00" }, body: { id: "evt_1", object: "event" }, status: 400, text: "No signatures found matching the expected signature for payload" },
    ],
    checkout: [
        {
            post: "/checkout", body: { email: "ann@example.com", quantity: 2 },
            json: {
                id: "cs_1",
                url: "https://checkout.example/v1/checkout/sessions?mode=payment&customer_email=ann%40example.com&line_items%5B0%5D%5Bprice%5D=price_walden&line_items%5B0%5D%5Bquantity%5D=2&success_url=https%3A%2F%2Fshop.example%2Fthanks",
            },
        },
        { post: "/checkout", body: { email: "declined@example.com", quantity: 1 }, status: 402, json: { declined: "Your card was declined.", code: "card_declined" } },
        { post: "/checkout", body: "{", status: 500, json: { error: "Internal server error" } },
    ],
    "telegram-bot": [
        { post: "/telegram-bot?secret=let-me-in", body: command("/ping 12"), json: { status: 200, sent: [{ method: "sendMessage", chat_id: 9, text: "Pong! 12" }] } },
        { post: "/telegram-bot?secret=let-me-in", body: update("hi"), json: { status: 200, sent: [{ method: "sendMessage", chat_id: 9, text: "You said: hi", parse_mode: "HTML" }] } },
        { post: "/telegram-bot?secret=no", body: update("hi"), status: 405, text: "not allowed" },
    ],
    "support-bot": [
        {
            post: "/support-bot", headers: secret, body: update("help"),
            json: ['sendMessage 9 {"inline_keyboard":[[{"text":"Last","callback_data":"last"},{"text":"Older","callback_data":"older"}]]}'],
        },
        {
            post: "/support-bot", headers: secret,
            body: { update_id: 2, callback_query: { id: "77", from: { id: 9, is_bot: false, first_name: "A" }, chat_instance: "1", data: "older" } },
            json: ["answerCallbackQuery 77 ok: older"],
        },
        { post: "/support-bot", body: update("help"), json: [] },
    ],
    chat: [
        { post: "/chat", body: { query: "why so?" }, pieces: ["data: You \n\n", "data: asked: \n\n", "data: why \n\n", "data: so?\n\n"], has: { "content-type": "text/event-stream" } },
        { post: "/chat", body: { query: "why?", stream: false }, text: "You asked: why?" },
    ],
    summarize: [{ post: "/summarize", body: "A long text", status: 429, json: { code: "rate_limit_exceeded", status: 429 } }],
    receipt: [
        { get: "/receipt?name=Ann", text: "<h1>Receipt for Ann</h1>\n", has: { "content-type": "text/html", "x-logo-bytes": "42", "x-read-from": "/bundle/files/receipt" } },
    ],
    terms: [
        { get: "/terms", text: "Be kind.\n" },
        { get: "/terms", headers: { "accept-language": "de-CH" }, text: "Sei nett.\n" },
        { get: "/terms", headers: { "accept-language": "fr" }, status: 406, text: "only de, en" },
    ],
    invite: [
        {
            post: "/invite", headers: { "content-type": FORM }, body: "guest=A+%3CB%3E",
            text: '<main><h1>Come in, A &lt;B&gt;</h1><p style="color:red">Until Monday</p><li>one</li><li>two</li></main>',
        },
    ],
    "order-mail": [{ get: "/order-mail/o-12", text: '<article data-id="o-12"><!--$--><b>19.98</b><!--/$--></article>' }],
    sessions: [
        { get: "/sessions", text: `${JWT}${hmac(JWT.slice(0, -1))}`, log: /sessions on 0\.0\.0\.0:8080/ },
        { get: "/sessions", headers: { authorization: `Bearer ${JWT}${hmac(JWT.slice(0, -1))}` }, json: { payload: { role: "buyer", sub: "ann", iat: 1700000000 }, secret: 48 } },
        { get: "/sessions", headers: { authorization: `Bearer ${JWT}AAAA` }, status: 401, json: { error: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" } },
    ],
    track: [
        { get: "/track", json: { written: 0, log: [] } },
        { post: "/track", body: { event: "a" }, status: 202, text: "" },
        { post: "/track", body: { event: "b" }, status: 202, text: "" },
        { get: "/track", until: true, json: { written: 2, log: ["a", "b"] } },
    ],
    analytics: [
        { get: "/analytics?add=5", json: { flushed: 0 } },
        { get: "/analytics", until: true, json: { flushed: 5 } },
    ],
    live: [
        { get: "/live", status: 400, text: "request isn't trying to upgrade to websocket." },
        { get: "/live", socket: ["< welcome", "> hi", "< echo hi", "> time?", "< late"], log: /./ },
    ],
    presence: [
        { get: "/presence?room=a", json: { room: "a", online: 0 } },
        { get: "/presence?room=a", headers: { "sec-websocket-protocol": "chat" }, has: { "sec-websocket-protocol": "chat" }, socket: ["< 1 here"] },
        { get: "/presence?room=b", json: { room: "b", online: 0 } },
    ],
    restful: [
        { get: "/restful/tasks", headers: { origin: "https://shop.example" }, json: [{ id: "1", name: "Sweep" }], has: { "access-control-allow-origin": "https://shop.example" } },
        { post: "/restful/tasks", body: { name: "Mop" }, status: 201, json: { id: "2", name: "Mop" } },
        { get: "/restful/tasks/2", json: { id: "2", name: "Mop" } },
        { delete: "/restful/tasks/2", status: 204, text: "" },
        { get: "/restful/tasks/2", status: 404, text: "no such task" },
    ],
    feedback: [
        { get: "/feedback", text: "Say something!", has: { "x-served-by": "oak" } },
        { post: "/feedback/site", body: { stars: 4 }, status: 201, json: { topic: "site", stars: 4, ip: "string" } },
        { post: "/feedback/site", body: { stars: 6 }, status: 422, text: "at most five stars" },
        { put: "/feedback", status: 405, text: "", has: { allow: "HEAD, GET" } },
    ],
    digest: [
        { post: "/digest", body: "abc", json: { sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", same: true } },
        { post: "/digest", status: 500, json: { error: "Internal server error" }, log: /digest\/index\.ts: POST \/digest: AssertionError: empty body/ },
    ],
    upload: [
        {
            post: "/upload", headers: BOUNDARY,
            body: '--xx\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--xx--\r\n',
            json: { path: "/tmp/uploads/a.txt", size: 5, isFile: true, text: "hello", type: "text/plain", after: "gone" },
        },
        { post: "/upload", headers: { "content-type": FORM }, body: "file=1", status: 400, text: "no file" },
    ],
    stock: [
        { get: "/stock/tea.json", json: { item: "tea", left: 7, transport: "tcp", port: 8000 } },
        { get: "/stock/tea?ms=5000", status: 504, json: { error: "TimeoutError" } },
    ],
    reports: [
        { get: "/reports", json: { rows: [{ sum: "44" }], connections: 1, host: ["db.internal"] } },
        { get: "/reports?failing", status: 422, json: { code: "22023" } },
        { get: "/reports", json: { rows: [{ sum: "44" }], connections: 1, host: ["db.internal"] } },
    ],
};
