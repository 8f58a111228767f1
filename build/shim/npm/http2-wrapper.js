/**
 * In the place of the npm package http2-wrapper, with which got can speak HTTP/2: it looks into Node's TLS sockets as it starts. The
 * engine speaks to other servers as it likes.
 */
const https = process.getBuiltinModule("https");

const refuse = () => {
    throw new Error("http2-wrapper: a function cannot choose HTTP/2: the engine makes the connections");
};

module.exports = { ...https, auto: refuse, connect: refuse, ClientRequest: class ClientRequest {} };
