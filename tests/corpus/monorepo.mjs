// A monorepo: workspaces of npm and of Deno beside each other; functions use packages by name and by paths that climb out of their folder.

export const functions = "apps/shop/functions";

export const as = "ann";

export const env = { APP_NAME: "acme shop" };

/** What `npm install` links in node_modules. */
export const workspaces = { "@acme/money": "packages/money", "@acme/logging": "packages/logging" };

export const answers = {
    quote: [{ post: "/quote", body: [100, 250], text: "4.38 USD", log: /\[quote\] \{ cents: 350 \}/ }],
    cart: [{ get: "/cart?cents=1&cents=2", json: { total: "0.03 EUR", rates: { USD: 1.25 }, lines: 1 }, log: /\[cart\] \{ cents: 3 \}/ }],
    about: [{ get: "/about", text: '<main><button type="button">acme</button></main>' }],
    where: [
        {
            get: "/where",
            json: { settings: { place: "file:///bundle/files/_outside/3/packages/settings.ts", name: "acme" }, name: "acme shop", file: "/bundle/files/where/index.js" },
        },
    ],
    health: [
        { get: "/health", json: { run: "denied", os: "linux", sha1: "a9993e364706816aba3e25717850c26c9cd0d89d", same: "a9993e364706816aba3e25717850c26c9cd0d89d" } },
    ],
    tax: [{ post: "/tax/ch", body: { cents: 1000 }, text: "0.81 EUR" }, { post: "/tax", body: { cents: 1000 }, text: "1.90 EUR" }],
    label: [
        { post: "/label", body: { to: "A & B" }, text: '<svg viewBox="0 0 10 10"><text class="to">A &amp; B</text><g></g></svg>', has: { "content-type": "image/svg+xml" } },
    ],
    contexts: [
        { get: "/contexts", status: 403, text: "who?" },
        {
            get: "/contexts", headers: { "x-user": "ann" },
            json: { data: { at: "/rest/v1/rpc/orders_of", sent: { user: "ann" } }, invoked: { at: "/functions/v1/mail", sent: { to: "ann" } } },
        },
    ],
};
