// A plain Deno project: one deno.json above the functions, with an import map, scopes and JSX; a vendor folder; JSR and the standard library.

export const functions = "functions";

export const as = "ann";

const JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4iLCJ4IjoxfQ.";

export const answers = {
    page: [
        { get: "/page/tea", text: '<html><head><title>Price</title></head><body><p class="price">tea: 2.50 EUR</p></body></html>', has: { "content-type": "text/html; charset=UTF-8" } },
        { get: "/page", status: 404, text: "404 Not Found" },
    ],
    form: [{ get: "/form?a=1&b=%3C", text: '<form method="post"><label>a<input name="a" value="1"/></label><label>b<input name="b" value="&lt;"/></label></form>' }],
    "wasm-named": [{ get: "/wasm-named?a=20&b=22", text: "42" }],
    "wasm-file": [{ get: "/wasm-file", json: { sum: 42, exports: ["add"], again: 3 } }],
    "wasm-inline": [{ get: "/wasm-inline", json: [7, 8] }],
    "wasm-stream": [{ get: "/wasm-stream", text: "42" }, { get: "/wasm-stream", text: "42" }],
    "wasm-module": [{ get: "/wasm-module", json: { add: "function", sum: -(2 ** 31) } }],
    orders: [
        { post: "/orders", body: { customer: "Ann B.", item: "Green Tea" }, json: { path: "orders/ann-b/1", list: ["green-tea"] } },
        { post: "/orders", body: { customer: "ann b", item: "2" }, json: { path: "orders/ann-b/2", list: ["green-tea", "2"] } },
        { post: "/orders", body: { customer: "ann b", item: "3" }, json: { path: "orders/ann-b/3", list: ["green-tea", "2", "3"] } },
        { post: "/orders", body: { customer: "ann b", item: "4" }, status: 429, text: "enough" },
    ],
    templates: [
        { post: "/templates", body: { lines: [{ count: 2, name: "tea" }, { count: 1, name: "a & b" }], customer: "Ann" }, text: "2 x tea; 1 x a &amp; b; due by Ann" },
        { post: "/templates", body: { lines: [], paid: true, customer: "<Bo>" }, text: "paid by &lt;Bo&gt;" },
    ],
    "rules-engine": [
        {
            post: "/rules-engine",
            body: { rule: "order.lines.map((n) => n * 2).join()", order: { lines: [1, 2, 3] } },
            json: { result: "2,4,6", large: 3, same: [true, true, "anonymous", 1], sum: 4, global: true, made: 3 },
        },
        { post: "/rules-engine", body: { rule: "order.lines(", order: {} }, status: 422, json: ["SyntaxError", "Unexpected token (3:21)"] },
        { post: "/rules-engine", body: { rule: "order.lines.length", order: {} }, status: 422, json: ["TypeError", "Cannot read properties of undefined (reading 'length')"] },
        { post: "/rules-engine", body: { order: {} }, status: 400, json: ["must have required property 'rule'"] },
    ],
    slugs: [{ post: "/slugs", body: "One, two; three", json: ["one", "two"] }],
    texts: [{ get: "/texts", json: ["# A note\n", 6, "texts", "# A note\n", null] }],
    pages: [
        { get: "/pages/about", text: "<h1>Shop</h1><p>about</p>\n" },
        { get: "/pages/terms", text: "<h1>Shop</h1><p>terms</p>\n" },
        { get: "/pages/nothing", status: 404, text: "no such page" },
    ],
    mails: [{ get: "/mails", json: { subject: "Your order", stamp: "MDEyCg==", footer: "<hr>" } }],
    place: [
        {
            get: "/place",
            json: {
                url: "file:///bundle/files/place/src/main.ts", filename: "/bundle/files/place/src/main.ts", dirname: "/bundle/files/place/src",
                main: true, local: "file:///bundle/files/place/src/lib/here.ts", here: ["/bundle/files/place/src/lib/here.ts", false],
            },
        },
    ],
    "old-code": [{ get: "/old-code", json: { dir: "/bundle/files/old-code", file: "/bundle/files/old-code/x", base: "tools.cjs", text: "x-4", emitter: "function", main: true } }],
    plugins: [
        { get: "/plugins/upper/abc", text: "ABC" },
        { get: "/plugins/reverse/abc", text: "cba" },
        { get: "/plugins/none/abc", status: 500, json: { error: "Internal server error" }, log: /AssertionError: no plugin none/ },
    ],
    languages: [{ get: "/languages", json: { tea: "tea" } }, { get: "/languages?l=de", json: { tea: "Tee" } }],
    statuses: [{ get: "/statuses", status: 418, text: "I'm a teapot dGVh" }],
    "sql-kysely": [
        { get: "/sql-kysely?from=7", json: { text: 'select "id", upper(title) as "title" from "books" where "price" > $1 order by "id" limit $2', parameters: [7, 5], rows: [] } },
    ],
    "sql-drizzle": [
        {
            get: "/sql-drizzle",
            json: {
                rows: [{ id: 1, title: "Emma", price: 900 }],
                asked: ['select "id", "title", "price" from "books" where ("books"."title" = $1 and "books"."price" > $2) order by "books"."id" desc ["Emma",5]'],
                insert: 'insert into "books" ("id", "title", "price") values (default, $1, default) returning "id"',
            },
        },
    ],
    mirrors: [
        { get: `/mirrors?jwt=${JWT}`, json: { sub: "ann" } },
        { get: "/mirrors/closed", status: 401, text: "Unauthorized" },
        { get: "/mirrors/closed", headers: { authorization: "Bearer t0ken" }, text: "open" },
    ],
    "more-mirrors": [{ get: "/more-mirrors", text: "3 function" }],
    absolute: [{ get: "/absolute", text: "to-pay 0.01 EUR" }],
    "absolute-too": [{ get: "/absolute-too", text: "0.05 EUR function" }],
    "server-class": [{ put: "/server-class/x", text: "PUT /server-class/x", log: /Deno\.cron: "tidy up" does not run/ }],
    decorated: [{ get: "/decorated", text: "0", log: /called next/ }, { get: "/decorated", text: "1" }],
};
