/**
 * In the place of the npm package undici, the `fetch` of Node.js: the engine's own is there already, takes no other Response, and has
 * its own connections, so that agents and dispatchers do nothing.
 */
module.exports = {
    ...{ fetch: globalThis.fetch, Headers, Request, Response, FormData, File, WebSocket, CloseEvent, MessageEvent, EventSource },
    ...{ Agent: class {}, Client: class {}, Pool: class {}, ProxyAgent: class {}, EnvHttpProxyAgent: class {}, RetryAgent: class {} },
    setGlobalDispatcher() {},
    getGlobalDispatcher: () => ({}),
    /** @param {string | URL} url @param {RequestInit} [options] */
    async request(url, options) {
        const response = await globalThis.fetch(url, options);
        return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: response };
    },
};
