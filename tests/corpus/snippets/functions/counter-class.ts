// A class: made anew for each request, as Workers do.
import { WorkerEntrypoint } from "cloudflare:workers";

let made = 0;

export default class Counter extends WorkerEntrypoint<{ REGION: string }> {
    private number = ++made;

    async fetch(request: Request) {
        this.ctx.waitUntil(Promise.resolve());
        return Response.json({ number: this.number, region: this.env.REGION, method: request.method });
    }
}
