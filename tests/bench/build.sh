#!/bin/bash
# onetube build of 50 functions that share zod and hono against one esbuild run with the same 50 entry points and splitting.
set -eu
. "$(dirname "$0")/lib.bash"

# The functions, and what they import as a project would have it.
mkdir -p "functions/_shared" node_modules
cp -R "$ROOT/node_modules/zod" "$ROOT/node_modules/hono" node_modules/
cat >"functions/_shared/answer.ts" <<'TS'
export function answer(value: unknown, status = 200): Response {
    return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json" } });
}
TS
for i in $(seq 50); do
    mkdir "functions/fn$i"
    cat >"functions/fn$i/index.ts" <<TS
import { Hono } from "hono";
import { cors } from "hono/cors";
import { z } from "zod";
import { answer } from "../_shared/answer.ts";

const Order = z.object({ id: z.string().uuid(), amount: z.number().int().min($i), note: z.string().optional() });
const app = new Hono().basePath("/fn$i");
app.use("*", cors());
app.get("/", () => answer({ function: $i }));
app.post("/", async (c) => {
    const order = Order.safeParse(await c.req.json());
    return order.success ? answer(order.data) : answer(order.error.issues, 400);
});
export default app;
TS
done

onetube() {
    "$ONETUBE" build --functions functions --out dist >/dev/null 2>&1
}

esbuild() {
    rm -rf plain
    "$ESBUILD" functions/fn*/index.ts --bundle --splitting --format=esm --platform=neutral \
        --main-fields=module,main --conditions=workerd,worker,node --target=es2024 --keep-names \
        --outdir=plain --log-level=error
}

compare "build, 50 functions" 1.25 onetube esbuild
