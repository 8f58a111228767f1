import { createServer } from "node:http";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "zlib";
import { EventEmitter, once } from "events";

const done = new EventEmitter();

createServer(async (request, response) => {
    response.setHeader("content-type", "text/plain");
    pipeline(Readable.from([Buffer.from("H4sIAAAAAAAAA8tIzcnJVyjPL8pJAQCFEUoNCwAAAA==", "base64")]), createGunzip(), response, () => done.emit("end"));
    await once(done, "end");
    console.log(`answered ${request.url}`);
}).listen({ port: 0 });
