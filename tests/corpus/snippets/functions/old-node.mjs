import http from "http";
import { createHash } from "crypto";
import url from "url";
import os from "node:os";

const server = http.createServer((req, res) => {
    const { pathname, query } = url.parse(req.url, true);
    if (req.method === "POST") {
        const hash = createHash("md5");
        req.on("data", (chunk) => hash.update(chunk));
        req.on("end", () => res.end(hash.digest("hex")));
        return;
    }
    res.writeHead(pathname.endsWith("missing") ? 404 : 200, { "Content-Type": "application/json", "X-Powered-By": "node" });
    res.end(JSON.stringify({ pathname, query, platform: typeof os.platform() }));
});

server.listen(process.env.PORT || 3000, () => console.log("listening"));
