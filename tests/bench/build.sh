#!/bin/bash
# onetube build of 30 functions of seven larger packages, and of 50 that share zod, hono and a helper, where there is least to do, against one
# esbuild run with the same entry points and options (without splitting: against one for each). Then with one function changed, and with none: against the same run of all, which is what there is
# without a memory, and against a run of the changed function alone, the least that could be done. onetube also bundles the runtime, writes a
# manifest with digests, and flushes the dist to disk, which esbuild does not.
# shellcheck disable=SC2317 # compare calls them
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

# Two packages each, of those that the tests install.
IMPORTS=(
    'import { createClient } from "@supabase/supabase-js"; const NAME = createClient("http://localhost", "key");'
    'import OpenAI from "openai"; const NAME = new OpenAI({ apiKey: "key" });'
    'import Stripe from "stripe"; const NAME = new Stripe("key");'
    'import { z } from "zod"; const NAME = z.object({ a: z.string() });'
    'import { Hono } from "hono"; const NAME = new Hono();'
    'import { SignJWT } from "jose"; const NAME = new SignJWT({});'
    'import { Kysely } from "kysely"; const NAME = Kysely;'
)
mkdir packages
ln -s "$ROOT/node_modules" packages/node_modules
for i in $(seq 30); do
    mkdir -p "packages/functions/fn$i"
    first=${IMPORTS[$((i % 7))]} second=${IMPORTS[$(((i + 1 + i / 7) % 7))]}
    cat >"packages/functions/fn$i/index.ts" <<TS
${first/NAME/first}
${second/NAME/second}
Deno.serve((request: Request) => Response.json({ function: $i, method: request.method, types: [typeof first, typeof second] }));
TS
done

export XDG_STATE_HOME=$WORK/state
mkdir "$XDG_STATE_HOME"

# Nothing is removed before the end: ext4 walks around what was deleted in the last minutes, file by file, whenever it makes one.
mkdir old
aside() {
    moves=$((${moves:-0} + 1))
    for path in "$@"; do
        [ ! -e "$path" ] || mv "$path" "old/$moves.${path##*/}"
    done
}

onetube() {
    "$ONETUBE" build --functions functions --out dist "$@" >/dev/null 2>&1
}

esbuild() {
    "$ESBUILD" "$@" --bundle --format=esm --platform=neutral --main-fields=module,main \
        --conditions=workerd,worker,node --target=es2024 --keep-names --outdir=plain --log-level=error
}

cold() {
    aside functions/.onetube dist
    timed onetube
}

esbuild_all() {
    aside plain
    timed esbuild --splitting functions/fn*/index.ts
}

packages() {
    aside packages/functions/.onetube packages/dist
    timed "$ONETUBE" build --functions packages/functions --out packages/dist >/dev/null 2>&1
}

esbuild_packages() {
    local builtins=(crypto events http https stream child_process)
    aside plain
    timed esbuild --splitting --preserve-symlinks --external:node:* "${builtins[@]/#/--external:}" packages/functions/fn*/index.ts
}

apart() {
    aside dist
    timed onetube --no-splitting --no-cache
}

each() {
    for file in functions/fn*/index.ts; do esbuild "$file"; done
}

esbuild_each() {
    aside plain
    timed each
}

changed() {
    changes=$((${changes:-0} + 1))
    sed -i "s|function: 7[^ ]*|function: 7$changes|" functions/fn7/index.ts
    # what changes in the moment in which a build begins is not kept by it
    sleep 0.02
    timed onetube
}

unchanged() {
    timed onetube
}

esbuild_one() {
    timed esbuild functions/fn7/index.ts
}

failed=0
RUNS=15 compare "build, 30 functions of larger packages, nothing cached" 1.25 packages esbuild_packages || failed=1
RUNS=25 compare "build, 50 functions, nothing cached" 1.25 cold esbuild_all || failed=1
RUNS=5 compare "build, 50 functions, --no-splitting, nothing cached" 1.25 apart esbuild_each || failed=1
compare "build, 50 functions, one changed" 1.25 changed esbuild_all || failed=1
compare "build, 50 functions, one changed" 2.5 changed esbuild_one || failed=1
compare "build, 50 functions, none changed" 1 unchanged esbuild_one || failed=1
exit $failed
