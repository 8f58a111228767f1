import { setTimeout as sleep } from "node:timers/promises";
import { createServer } from "node:http";

(async () => {
    await sleep(10);
    const server = createServer((_, response) => response.end(`on ${typeof (server.address() as any).port}`));
    server.listen(8787);
})();
