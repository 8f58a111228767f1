#!/usr/bin/env bats
# What each kind of import means, built by onetube build and answered by the engine.
load helpers

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p functions node_modules
}

teardown() {
    stop_server
}

write() {
    mkdir -p "$(dirname "$1")"
    cat >"$1"
}

# A function that anybody may call: function NAME FILE < source
function_() {
    write "functions/$1/$2"
    write "functions/$1/1tube.json" <<<'{ "public": true }'
}

package() {
    write "node_modules/$1/package.json" <<<"{ \"name\": \"$1\", \"version\": \"$2\", \"main\": \"index.js\" }"
    write "node_modules/$1/index.js" <<<"$3"
}

build() {
    run "$ONETUBE" build --functions functions --out dist "$@"
}

answers() {
    local found
    found=$(curl -sS "$URL/$1")
    [ "$found" = "$2" ] || { echo "$1: $found, expected $2"; cat "$LOG"; return 1; } >&2
}

# (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
add_wasm() {
    mkdir -p "$(dirname "$1")"
    printf '\0asm\1\0\0\0\1\7\1\x60\2\x7f\x7f\1\x7f\3\2\1\0\7\7\1\3add\0\0\12\11\1\7\0\x20\0\x20\1\x6a\13' >"$1"
}

@test "a source knows where it is: import.meta and CommonJS's names, in every file its own" {
    function_ meta index.ts <<'TS'
import { inner } from "./lib/inner.ts";
import { common } from "../_shared/common.js";
import pack from "npm:pack@1";
const { url, dirname } = import.meta;
Deno.serve(() => Response.json([url, dirname, import.meta.filename, import.meta.main, import.meta.resolve("./x.ts"), inner, common, pack]));
TS
    write functions/meta/lib/inner.ts <<<'export const inner = [import.meta.url, import.meta.main];'
    write functions/_shared/common.js <<<'exports.common = { place: __dirname, name: require("path").basename(__filename), __filename: "own" };'
    package pack 1.2.3 'module.exports = __dirname;'
    build
    exits 0
    start_server dist --allow-unsigned
    answers meta '["file:///bundle/files/meta/index.ts","/bundle/files/meta","/bundle/files/meta/index.ts",true,"file:///bundle/files/meta/x.ts",["file:///bundle/files/meta/lib/inner.ts",false],{"place":"/bundle/files/_shared","name":"common.js","__filename":"own"},"/bundle"]'
}

@test "an own __dirname stays, and no place in a source moves" {
    function_ own index.ts <<'TS'
import { dirname } from "node:path"; import { fileURLToPath } from "node:url";
const __filename = fileURLToPath(import.meta.url); const __dirname = dirname(__filename);
export default () => new Response(__dirname);
TS
    build
    exits 0
    start_server dist --allow-unsigned
    answers own /bundle/files/own
    stop_server
    function_ own index.ts <<<'const a = import.meta.url, b = __dirname + nope(import.meta); let a;
export default () => a;'
    build
    exits 1
    has 'functions/own/index.ts:1:67: '
}

@test "files that a source reads by a literal path are in the dist, and a missing one is an error" {
    function_ reads index.ts <<'TS'
import { near } from "../_shared/near.ts";
const here = await Deno.readTextFile(new URL("./data/here.txt", import.meta.url));
const cwd = Deno.readTextFileSync("data/cwd.txt");
let missing = "found";
try { missing = await Deno.readTextFile("./not-there.txt"); } catch { missing = "missing"; }
Deno.serve(async () => new Response([here, cwd, near, missing, await (await fetch(new URL("data/here.txt", import.meta.url))).text()].map((text) => text.trim()).join()));
TS
    write functions/reads/data/here.txt <<<here
    write functions/reads/data/cwd.txt <<<cwd
    write functions/_shared/near.ts <<<'export const near = await Deno.readTextFile(new URL("near.txt", import.meta.url));'
    write functions/_shared/near.txt <<<near
    function_ plain index.ts <<<'export default () => new Response("plain");'
    build
    exits 0
    node -e 'const m = JSON.parse(require("fs").readFileSync("dist/manifest.json")); const files = (name) => m.functions.find((f) => f.name === name).moduleFiles;
        if (files("reads").join() !== "chunks/onetube.js,files/_shared/near.txt,files/reads/data/cwd.txt,files/reads/data/here.txt" || files("plain").join() !== "chunks/onetube.js") { console.error(JSON.stringify(m, null, 1)); process.exit(1); }'
    start_server dist --allow-unsigned
    answers reads here,cwd,near,missing,here
    stop_server
    rm functions/reads/data/cwd.txt
    build
    exits 1
    has 'functions/reads/index.ts:3:35: the file "data/cwd.txt" that is read here does not exist'
    write functions/reads/data/cwd.txt <<<cwd
    write functions/reads/1tube.json <<<'{
  "public": true,
  "files": ["data/*.txt", "nothing/**"]
}'
    build
    exits 1
    has 'functions/reads/1tube.json:3:27: no file matches the static file "reads/nothing/**"'
}

@test "files whose paths a source puts together are in the dist, too; what is outside, hidden or unknown is not" {
    function_ reads index.ts <<'TS'
import { readdirSync, readFileSync } from "node:fs";
import path, { dirname } from "node:path";
import { fileURLToPath } from "node:url";
const here = dirname(fileURLToPath(import.meta.url));
const DATA = "data";
const page = (name: string) => Deno.readTextFile(`./pages/${name}.html`);
const all = () => [
    readFileSync(path.join(import.meta.dirname!, "data", "a.txt"), "utf8"),
    readFileSync(`${here}/${DATA}/b.txt`, "utf8"),
    readFileSync("./data/c.txt", "utf8"),
    readFileSync(path.join(here, "..", "_shared", "d.txt"), "utf8"),
    readFileSync("data/client.js", "utf8"),
    readdirSync(path.join(here, "posts")).join("+"),
];
Deno.serve(async (request) => new Response([...all(), await page(new URL(request.url).searchParams.get("page") ?? "one")].map((text) => text.trim()).join()));
TS
    local name
    for name in data/a.txt data/b.txt data/c.txt data/unused.txt data/client.js pages/one.html pages/two.html pages/three.txt pages/.four.html posts/x.md posts/y/z.md; do
        write "functions/reads/$name" <<<"$name"
    done
    write functions/_shared/d.txt <<<d
    ln -s /etc/hostname functions/reads/pages/five.html
    build
    exits 0
    node -e 'const m = JSON.parse(require("fs").readFileSync("dist/manifest.json")); const found = m.functions[0].moduleFiles.join().replaceAll("files/reads/", "");
        if (found !== "chunks/onetube.js,files/_shared/d.txt,data/a.txt,data/b.txt,data/c.txt,data/client.js,pages/one.html,pages/two.html,posts/x.md,posts/y/z.md") { console.error(found); process.exit(1); }'
    start_server dist --allow-unsigned
    answers reads data/a.txt,data/b.txt,data/c.txt,d,data/client.js,x.md+y,pages/one.html
    answers "reads?page=two" data/a.txt,data/b.txt,data/c.txt,d,data/client.js,x.md+y,pages/two.html
    stop_server
}

@test "files that are not made part of a payload by being read: the build says so" {
    write secret <<<secret
    function_ reads index.ts <<'TS'
import { readFileSync } from "node:fs";
const read = (name: string) => [
    readFileSync("./.env", "utf8"),
    readFileSync(`${import.meta.dirname}/link`, "utf8"),
    readFileSync(`${import.meta.dirname}/${name}.html`, "utf8"),
    readFileSync(`${import.meta.dirname}/../../secret`, "utf8"),
    Deno.readTextFileSync("/etc/hostname"),
];
export default () => new Response(String(read));
TS
    write functions/reads/.env <<<secret
    write functions/reads/page.html <<<page
    ln -s ../../secret functions/reads/link
    build
    exits 0
    has 'reads/index.ts:3:18: warning: the file ".env" that is read here is not made part of the payload, for its name begins with a point: if it may be, name it in "files" of 1tube.json, or in static_files'
    has 'reads/index.ts:4:18: warning: the file "reads/link" that is read here does not exist'
    has 'reads/index.ts:5:18: warning: which files are read here is known only at run time: name them in "files" of 1tube.json, or in static_files'
    has 'reads/index.ts:6:18: warning: the file that is read here is outside of the functions folder'
    [ ! -e dist/files ]
    write functions/reads/1tube.json <<<'{ "public": true, "files": [".env", "*.html"] }'
    build
    exits 0
    [[ "$output" != *".env"* && "$output" != *"run time"* ]]
    [ "$(cat dist/files/reads/.env)" = secret ]
}

@test "packages find their own files, and what they require by createRequire" {
    local name
    for name in one two; do
        package $name 1.0.0 'const fs = require("fs"), path = require("path");
exports.read = (name) => [fs.readFileSync(__dirname + "/data/x.txt", "utf8").trim(), JSON.parse(fs.readFileSync(path.join(__dirname, "package.json"))).name, fs.existsSync(path.join(__dirname, "data/other.txt")), __dirname];'
        write "node_modules/$name/data/x.txt" <<<"data of $name"
        write "node_modules/$name/data/other.txt" <<<"other"
    done
    package @me/esm 2.0.0 ''
    write node_modules/@me/esm/package.json <<<'{ "name": "@me/esm", "version": "2.0.0", "type": "module", "imports": { "#part/*": "./part/*.cjs" } }'
    write node_modules/@me/esm/index.js <<'JS'
import { createRequire } from "module";
import { readFileSync } from "fs";
const require_1 = createRequire(import.meta.url);
export const parts = () => [require_1("#part/a"), readFileSync(new URL("./data.bin", import.meta.url), "utf8").trim()];
JS
    write node_modules/@me/esm/part/a.cjs <<<'module.exports = "part a";'
    write node_modules/@me/esm/data.bin <<<'esm'
    function_ packs index.ts <<<'import one from "npm:one"; import two from "npm:two"; import { parts } from "npm:@me/esm"; Deno.serve(() => Response.json([one.read(), two.read(), parts()]));'
    function_ plain index.ts <<<'export default () => new Response("plain");'
    build
    exits 0
    node -e 'const m = JSON.parse(require("fs").readFileSync("dist/manifest.json")); const files = m.functions.map((f) => (f.moduleFiles ?? []).filter((file) => file.startsWith("files/"))).join(" | ");
        if (files !== "files/_package/_me/esm/2.0.0/data.bin,files/_package/one/1.0.0/data/other.txt,files/_package/one/1.0.0/data/x.txt,files/_package/one/1.0.0/package.json,files/_package/two/1.0.0/data/other.txt,files/_package/two/1.0.0/data/x.txt,files/_package/two/1.0.0/package.json | ") { console.error(files); process.exit(1); }'
    start_server dist --allow-unsigned
    answers packs '[["data of one","one",true,"/bundle/files/_package/one/1.0.0"],["data of two","two",true,"/bundle/files/_package/two/1.0.0"],["part a","esm"]]'
    stop_server
    # a file that comes or goes
    local before
    before=$(sha256sum <dist/manifest.json)
    rm -r node_modules/one/data node_modules/two/data node_modules/@me/esm/data.bin
    build
    exits 0
    cp -r dist dist.cached
    build --no-cache
    exits 0
    diff -r dist dist.cached
    [ "$(sha256sum <dist/manifest.json)" != "$before" ]
}

@test "import.meta.resolve: what the build finds, a package's file beside it, and a clear error for the rest" {
    write node_modules/@me/zip/package.json <<<'{ "name": "@me/zip", "version": "1.2.3", "type": "module", "exports": { ".": "./dist/index.js", "./table.bin": "./data/table.bin" } }'
    write node_modules/@me/zip/dist/index.js <<<'export const name = "zip";'
    add_wasm node_modules/@me/zip/dist/zip.wasm
    write node_modules/@me/zip/data/table.bin <<<'the table'
    package plain 2.0.0 'exports.never = "imported";'
    write node_modules/plain/words.txt <<<'the words'
    write functions/zips/deno.json <<<'{ "imports": { "zip": "npm:@me/zip@1", "own/": "./own/" } }'
    write functions/zips/own/x.txt <<<'own text'
    write functions/zips/y.txt <<<'a text beside'
    function_ zips index.ts <<'TS'
import { name } from "npm:@me/zip@1.2.3";
import fs from "node:fs";
const wasm = await Deno.readFile(new URL("zip.wasm", import.meta.resolve("npm:@me/zip@1.2.3")));
const failure = (f: () => unknown) => { try { return f(); } catch (error) { return `${error.name}: ${error.message}`; } };
Deno.serve(async () => Response.json([
  name, (await WebAssembly.instantiate(wasm)).instance.exports.add(40, 2),
  (await (await fetch(import.meta.resolve("zip/table.bin"))).text()).trim(),
  fs.readFileSync(new URL("./words.txt", import.meta.resolve("plain")), "utf8").trim(),
  Deno.readTextFileSync(new URL(import.meta.resolve("own/x.txt"))).trim(),
  Deno.readTextFileSync(new URL(import.meta.resolve("./y.txt"))).trim(),
  import.meta.resolve("zip"), import.meta.resolve("https://example.com/x"), import.meta.resolve("node:fs"),
  failure(() => { try { return import.meta.resolve("gone"); } finally { } }),
  failure(() => import.meta.resolve("npm:" + name)),
]));
TS
    build
    exits 0
    node -e 'const m = JSON.parse(require("fs").readFileSync("dist/manifest.json")); const files = m.functions[0].moduleFiles.filter((file) => file.startsWith("files/")).join();
        if (files !== "files/_package/_me/zip/1.2.3/data/table.bin,files/_package/_me/zip/1.2.3/dist/zip.wasm,files/_package/plain/2.0.0/words.txt,files/zips/own/x.txt,files/zips/y.txt") { console.error(files); process.exit(1); }'
    start_server dist --allow-unsigned
    answers zips '["zip",42,"the table","the words","own text","a text beside","file:///bundle/files/_package/_me/zip/1.2.3/dist/index.js","https://example.com/x","node:fs","TypeError: cannot resolve \"gone\" (install it: npm install gone)","TypeError: cannot resolve \"npm:zip\": a build knows only what import.meta.resolve is given as a literal text"]'
    stop_server
    # another version of a package that is only asked for, from the cache
    sed -i s/2.0.0/2.0.1/ node_modules/plain/package.json
    build
    exits 0
    [ -f dist/files/_package/plain/2.0.1/words.txt ]
    cp -r dist dist.cached
    build --no-cache
    exits 0
    diff -r dist dist.cached
}

@test "import.meta.resolve of what is not there is an error of the build" {
    write node_modules/zip/package.json <<<'{ "name": "zip", "version": "1.0.0", "main": "index.js" }'
    write node_modules/zip/index.js <<<'export const name = "zip";'
    function_ zips index.ts <<'TS'
const one = import.meta.resolve("npm:gone@1");
export const two = () => [one, import.meta.resolve("absent")];
Deno.serve(() => new Response("ok"));
TS
    build
    exits 1
    has 'functions/zips/index.ts:1:33: cannot resolve "npm:gone@1" (install it: npm install gone@1'
    has 'functions/zips/index.ts:2:52: cannot resolve "absent" (install it: npm install absent)'
    function_ zips index.ts <<'TS'
const bytes = await Deno.readFile(new URL("zip.wasm", import.meta.resolve("npm:zip@1")));
Deno.serve(() => new Response(bytes));
TS
    build
    exits 1
    has 'functions/zips/index.ts:1:35: the file "_package/zip/1.0.0/zip.wasm" that is read here is not in the package that is installed (node_modules/zip)'
    mkdir functions/node_modules
    mv node_modules/zip functions/node_modules/
    build
    exits 1
    has 'that is installed (functions/node_modules/zip)'
    add_wasm functions/node_modules/zip/zip.wasm
    build
    exits 0
    [ -f dist/files/_package/zip/1.0.0/zip.wasm ]
}

@test "wasm: as a module, with ?module, its exports by name, and from bytes" {
    for name in module query names bytes; do add_wasm functions/$name/add.wasm; done
    function_ module index.ts <<<'import add from "./add.wasm"; export default async () => new Response(String((await WebAssembly.instantiate(add)).exports.add(1, 2)));'
    function_ query index.ts <<<'import add from "./add.wasm?module"; export default async () => new Response(String(new WebAssembly.Instance(add).exports.add(2, 2)));'
    function_ names index.ts <<<'import { add } from "./add.wasm"; import * as all from "./add.wasm"; Deno.serve(() => new Response(String(add(2, 3) + all.add(0, 0))));'
    function_ bytes index.ts <<<'const { instance } = await WebAssembly.instantiate(await Deno.readFile(new URL("add.wasm", import.meta.url))); Deno.serve(() => new Response(String(instance.exports.add(3, 3))));'
    build
    exits 0
    start_server dist --allow-unsigned
    answers module 3
    answers query 4
    answers names 5
    answers bytes 6
    fails grep -rq "$BATS_TEST_TMPDIR" dist
}

@test "JSX as deno.json and pragmas say" {
    write node_modules/preact/package.json <<<'{ "name": "preact", "version": "10.1.0", "exports": { "./jsx-runtime": "./jsx.js", ".": "./index.js" } }'
    write node_modules/preact/jsx.js <<<'export const jsx = (type, props) => `<${type}>${props.children}</${type}>`; export const jsxs = jsx; export const Fragment = "f";'
    write node_modules/preact/index.js <<<'export const h = (type, props, ...children) => `(${type}${children})`;'
    write functions/deno.json <<<'{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "npm:preact@10" } }'
    write functions/classic/deno.json <<<'{ "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }'
    write functions/mapped/deno.json <<<'{ "imports": { "preact": "npm:preact@10" }, "compilerOptions": { "jsx": "precompile", "jsxImportSource": "preact" } }'
    function_ automatic index.tsx <<<'Deno.serve(() => new Response(<p>auto</p> as any));'
    function_ mapped index.jsx <<<'Deno.serve(() => new Response(<p>mapped</p>));'
    function_ classic index.tsx <<<'import { h } from "npm:preact"; Deno.serve(() => new Response((<p>classic</p>) as any));'
    function_ pragma index.tsx <<<'/** @jsxRuntime classic @jsx make */ const make = () => "made"; Deno.serve(() => new Response((<p>x</p>) as any));'
    function_ source index.tsx <<<'/** @jsxImportSource https://esm.sh/preact@10.1.0 */ Deno.serve(() => new Response((<p>source</p>) as any));'
    mkdir -p bare && cp -r functions/source bare/
    build
    exits 0
    fails has warning
    start_server dist --allow-unsigned
    answers automatic '<p>auto</p>'
    answers mapped '<p>mapped</p>'
    answers classic '(pclassic)'
    answers pragma made
    answers source '<p>source</p>'
    stop_server
    # also where no deno.json says anything of JSX
    run "$ONETUBE" build --functions bare --out dist
    exits 0
    fails has warning
    start_server dist --allow-unsigned
    answers source '<p>source</p>'
}

@test "packages from JSR, deno.land/x, CDNs, the standard library and a vendor folder" {
    package jose 5.1.0 'exports.name = "jose";'
    package @jsr/luca__cases 1.0.0 'exports.name = "cases";'
    function_ remote index.ts <<'TS'
import "jsr:@supabase/functions-js/edge-runtime.d.ts";
import "https://deno.land/x/xhr@0.1.0/mod.ts";
import { name as jose } from "jsr:@panva/jose@5";
import { name as land } from "https://deno.land/x/jose@v5.1.0/index.ts";
import { name as cdn } from "https://esm.sh/v135/jose@5.1.0?target=deno&deps=x@1";
import { name as cases } from "jsr:@luca/cases@^1";
import { config } from "https://deno.land/x/dotenv@v3.2.2/mod.ts";
import { getNumericDate } from "https://deno.land/x/djwt@v3.0.2/mod.ts";
import { json } from "https://deno.land/x/sift@0.6.0/mod.ts";
import { join } from "https://deno.land/std@0.224.0/path/mod.ts";
import { encodeBase64 } from "jsr:@std/encoding@1/base64";
import { assertEquals } from "@std/assert";
import { vendored } from "https://example.com/lib@1/mod.ts";
import { serve } from "https://deno.land/std@0.168.0/http/server.ts";
assertEquals(1, 1);
serve(() => new Response([jose, land, cdn, cases, typeof config(), typeof getNumericDate(0) + typeof json, join("a", "b"), encodeBase64("x"), vendored].join()));
TS
    write vendor/example.com/lib@1/mod.ts <<<'import { x } from "/other/x.ts"; export const vendored = x + import.meta.url;'
    write vendor/example.com/other/x.ts <<<'export const x = "v:";'
    build
    exits 0
    has "note: https://deno.land/x/jose is taken from npm: jose"
    has "note: jsr:@panva/jose is taken from npm: jose"
    start_server dist --allow-unsigned
    answers remote jose,jose,jose,cases,object,numberfunction,a/b,eA==,v:file:///bundle/files/_outside/1/vendor/example.com/lib@1/mod.ts
}

@test "CDNs have any file of a package, npm what it exports" {
    package pack 1.0.0 'exports.x = "x";'
    mkdir -p node_modules/pack/dist
    echo '{"name":"pack","version":"1.0.0","exports":{".":"./index.js"}}' >node_modules/pack/package.json
    echo 'export const deep = "deep";' >node_modules/pack/dist/deep.js
    function_ cdn index.ts <<'TS'
import { deep } from "https://esm.sh/pack@1.0.0/dist/deep.js";
import { deep as again } from "https://unpkg.com/pack@1/dist/deep";
export default () => new Response(deep + again);
TS
    build
    exits 0
    start_server dist --allow-unsigned
    answers cdn deepdeep
    function_ npm index.ts <<<'import { deep } from "npm:pack@1/dist/deep.js"; export default () => new Response(deep);'
    build
    exits 1
    has 'cannot resolve "npm:pack@1/dist/deep.js" (the package is installed, but has nothing under this name)'
}

@test "a default import of CommonJS is all its exports in a package's module, whatever it says of itself" {
    package pack 1.0.0 ''
    echo '{"name":"pack","version":"1.0.0","exports":{".":"./esm/index.js","./sub":"./esm/sub.js"}}' >node_modules/pack/package.json
    mkdir node_modules/pack/esm
    echo '{"type":"module"}' >node_modules/pack/esm/package.json
    echo 'Object.defineProperty(exports, "__esModule", { value: true }); exports.inner = "inner";' >node_modules/pack/index.js
    echo 'import all from "../index.js"; export const inner = all.inner; const own = "default"; export { own as default };' >node_modules/pack/esm/index.js
    echo 'import all from "../index.js"; export const sub = all.inner;' >node_modules/pack/esm/sub.js
    function_ interop index.ts <<'TS'
import own, { inner } from "npm:pack@1";
import { sub } from "https://esm.sh/pack@1/sub";
export default () => new Response([own, inner, sub].join());
TS
    build
    exits 0
    fails has warning
    start_server dist --allow-unsigned
    answers interop default,inner,inner
}

@test "a version other than the installed one: another minor is a warning, another major an error" {
    package pack 2.3.4 'exports.x = "x";'
    function_ a index.ts <<<'import { x } from "npm:pack@^2.9"; export default () => new Response(x);'
    build
    exits 0
    has 'functions/a/index.ts:1:19: '
    has '"npm:pack@^2.9" asks for another version than the 2.3.4 that is installed (install it: npm install pack@^2.9, or onetube vendor --functions '
    function_ a index.ts <<<'import { x } from "https://esm.sh/pack@1.0.0"; export default () => new Response(x);'
    build
    exits 1
    has '"https://esm.sh/pack@1.0.0" asks for another version than the 2.3.4 that is installed (install it: npm install pack@1.0.0, or onetube vendor --functions '
    function_ a index.ts <<<'import { x } from "npm:pack@2"; export default () => new Response(x);'
    build
    exits 0
    fails has "another version"
}

@test "absolute paths are the project's, extensions may be left out or say js for ts" {
    write lib/x.ts <<<'export const x = "x";'
    write functions/_shared/y.mts <<<'export const y = "y";'
    write functions/_shared/z/index.ts <<<'export const z = "z";'
    function_ a index.ts <<<'import { x } from "/lib/x.ts"; import { y } from "../_shared/y"; import { z } from "../_shared/z"; import { x as again } from "../../lib/x.js"; export default () => new Response(x + y + z + again);'
    build
    exits 0
    start_server dist --allow-unsigned
    answers a xyzx
    stop_server
    function_ a index.ts <<<'import { x } from "/etc/passwd"; export default () => new Response(x);'
    build
    exits 1
    has 'cannot resolve "/etc/passwd" (neither the functions folder nor one above it has this file)'
}

@test "packages that do what the engine refuses have a stand-in, wherever they are asked for" {
    package express 4.0.0 'const deprecate = require("depd")("express"); module.exports = typeof deprecate.function;'
    package depd 2.0.0 'throw new Error("the real one");'
    function_ a index.ts <<<'import kind from "npm:express@4"; Deno.serve(() => new Response(kind));'
    build
    exits 0
    start_server dist --allow-unsigned
    answers a function
}

@test "what createRequire gives is the bundler's require" {
    package pack 1.2.3 'exports.pack = 1;'
    function_ a index.ts <<'TS'
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const { pack } = require("pack"), { name } = require("./a.json"), path = require("path");
function own(require: (name: string) => string) { return require("own"); }
Deno.serve(() => new Response([pack, name, typeof path.join, own((name) => name)].join()));
TS
    write functions/a/a.json <<<'{ "name": "json" }'
    function_ b index.ts <<'TS'
import * as module from "node:module";
const require_ = module.createRequire(import.meta.url);
Deno.serve(() => new Response(require_("../a/a.json").name + typeof require_));
TS
    build
    exits 0
    start_server dist --allow-unsigned
    answers a 1,json,function,own
    answers b jsonfunction
}

@test "code from strings is interpreted, where a function makes any" {
    package maker 1.0.0 'module.exports = (code) => new Function("x", code);'
    function_ makes index.ts <<<'import make from "maker"; Deno.serve(() => new Response(String(make("return x * 2")(21))));'
    function_ embind index.ts <<<'const construct = (constructor: any, list: string[]) => constructor.apply(new constructor(), list);
const lines = ["a", "return a + 1"];
Deno.serve(() => new Response(String(construct(Function, lines).apply(null, [41]))));'
    function_ plain index.ts <<<'const root = Function("return this"); Deno.serve(() => new Response(typeof root));'
    build
    exits 0
    has 'note: makes: node_modules/maker/index.js makes code from strings, which is interpreted: expect it to be slow'
    [[ $output != *"note: plain"* ]]
    node -e 'const m = JSON.parse(require("fs").readFileSync("dist/manifest.json")); const chunks = (name) => m.functions.find((f) => f.name === name).moduleFiles ?? [];
        if (!chunks("makes").includes("chunks/interpreter.js") || chunks("plain").includes("chunks/interpreter.js")) { console.error(JSON.stringify(m, null, 1)); process.exit(1); }'
    start_server dist --allow-unsigned
    answers makes 42
    answers embind 42
    stop_server
    cp dist/manifest.json first.json
    local options
    for options in "" "--no-cache" "--sourcemap inline" "--no-splitting"; do
        # shellcheck disable=SC2086 # words of their own
        build $options
        exits 0
        [ "$(grep -c '^import "../chunks/interpreter.js";$' dist/functions/makes.js)" = 1 ]
        [ ! -e dist/functions/makes.js.map ] || tail -n 1 dist/functions/makes.js | grep -q '^//# sourceMappingURL'
        case $options in "" | --no-cache) cmp first.json dist/manifest.json ;; esac
    done
}
