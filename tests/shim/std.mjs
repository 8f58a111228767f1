// Deno's standard library, as far as the shim has it. The expectations are what std's documentation says.

import assert from "node:assert/strict";
import { caseOf, runChecks } from "./checks.mjs";
import { send } from "./harness.mjs";

const PATH = [
    [`[path.join("/a", "../b", "./c.txt"), path.basename("/x/y.ts"), path.basename("/x/y.ts", ".ts"), path.dirname("/x/y.ts"), path.extname("y.tar.gz")]`,
        ["/b/c.txt", "y.ts", "y", "/x", ".gz"]],
    [`[path.resolve("x", "../y"), path.relative("/a/b", "/a/c/d"), path.normalize("/a//b/../c/"), path.isAbsolute("a")]`, ["/bundle/files/std/y", "../c/d", "/a/c/", false]],
    [`path.parse("/x/y.ts")`, { root: "/", dir: "/x", base: "y.ts", ext: ".ts", name: "y" }],
    [`path.format({ dir: "/x", base: "y.ts" })`, "/x/y.ts"],
    [`[path.fromFileUrl("file:///a%20b/c"), path.fromFileUrl(new URL("file:///x")), path.toFileUrl("/a b/č#?.txt").href]`, ["/a b/c", "/x", "file:///a%20b/%C4%8D%23%3F.txt"]],
    [`path.fromFileUrl("https://x/")`, /^TypeError: must be a file URL/],
    [`path.toFileUrl("x")`, /^TypeError: Path must be absolute/],
    [`path.dirname(path.fromFileUrl("file:///bundle/files/std/index.ts"))`, "/bundle/files/std"],
    [`[path.join(new URL("file:///a/b"), "c"), path.sep, path.SEP, path.delimiter, path.posix.join("a", "b"), path.SEPARATOR]`, ["/a/b/c", "/", "/", ":", "a/b", "/"]],
    [`[path.common(["/a/b/c", "/a/b/d"]), path.common(["a/b"]), path.common(["/x", "y"])]`, ["/a/b/", "a/b/", ""]],
];

const ENCODING = [
    [`[base64.encodeBase64("hello"), base64.encode(bytes("\\u0000ÿ")), base64.encodeBase64(new Uint8Array([251, 255]).buffer)]`, ["aGVsbG8=", "AMO/", "+/8="]],
    [`[text(base64.decodeBase64("aGVsbG8=")), text(base64.decode("aGVsbG8=")), base64.decodeBase64("+/8=") instanceof Uint8Array]`, ["hello", "hello", true]],
    [`base64.decodeBase64("%")`, /^InvalidCharacterError|^DataError|^TypeError/],
    [`base64.encodeBase64(new Uint8Array(100000)).length`, 133336],
    [`[base64url.encodeBase64Url(new Uint8Array([251, 255])), [...base64url.decodeBase64Url("-_8")], [...base64url.decode("-_8=")]]`, ["-_8", [251, 255], [251, 255]]],
    [`base64url.decodeBase64Url("+/8")`, /^TypeError/],
    [`[hex.encodeHex("hé"), hex.encodeHex(new Uint8Array([0, 255])), [...hex.decodeHex("00fF")], text(hex.encode(bytes("a"))), text(hex.decode(bytes("61")))]`,
        ["68c3a9", "00ff", [0, 255], "61", "a"]],
    [`hex.decodeHex("0")`, /^RangeError/],
    [`hex.decodeHex("zz")`, /^TypeError/],
    [`[all.encodeBase64("a"), all.encodeBase64Url("a"), all.encodeHex("a"), text(all.decodeHex("61"))]`, ["YQ==", "YQ", "61", "a"]],
];

const SHA256_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-4's example
const MD5_ABC = "900150983cd24fb0d6963f7d28e17f72"; // RFC 1321, A.5
const CRYPTO = [
    [`hex.encodeHex(await std.crypto.subtle.digest("SHA-256", bytes("abc")))`, SHA256_ABC],
    [`[std.toHashString(bytes("abc")), std.toHashString(bytes("abc").buffer, "base64")]`, ["616263", "YWJj"]],
    [`hex.encodeHex(await std.crypto.subtle.digest({ name: "MD5" }, bytes("abc")))`, MD5_ABC],
    [`hex.encodeHex(std.crypto.subtle.digestSync("SHA-1", bytes("abc")))`, "a9993e364706816aba3e25717850c26c9cd0d89d"],
    [`hex.encodeHex(await std.crypto.subtle.digest("SHA-256", [bytes("a"), bytes("bc")]))`, SHA256_ABC],
    [`hex.encodeHex(await std.crypto.subtle.digest("SHA-256", new Response("abc").body))`, SHA256_ABC],
    [`std.crypto.subtle.digest("NOPE", bytes("abc"))`, /Error/],
    [`[std.timingSafeEqual(bytes("ab"), bytes("ab")), std.timingSafeEqual(bytes("ab"), bytes("ac")), std.timingSafeEqual(bytes("a"), bytes("ab").buffer)]`, [true, false, false]],
    [`[std.crypto.randomUUID().length, std.crypto.getRandomValues(new Uint8Array(4)).length]`, [36, 4]],
    [`(async () => { const key = await std.crypto.subtle.importKey("raw", bytes("k"), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
        return (await std.crypto.subtle.sign("HMAC", key, bytes("x"))).byteLength; })()`, 32],
];

const ASSERT = [
    [`(a.assert(1), a.assertEquals({ x: [1, new Map([[1, 2]])] }, { x: [1, new Map([[1, 2]])] }), a.assertStrictEquals(NaN, NaN), a.assertExists(0), a.assertFalse(0), 1)`, 1],
    [`(a.assertNotEquals(1, 2), a.assertStringIncludes("abc", "b"), a.assertArrayIncludes([1, { a: 1 }], [{ a: 1 }]), a.assertMatch("abc", /b/), a.assertNotMatch("a", /b/), 1)`, 1],
    [`(a.assertObjectMatch({ a: 1, b: { c: [1, 2], d: 3 } }, { b: { c: [1, 2] } }), a.assertAlmostEquals(0.1 + 0.2, 0.3), a.assertInstanceOf(new Date(), Date), a.assertNotInstanceOf(1, Date), 1)`, 1],
    [`(a.assertGreater(2, 1), a.assertGreaterOrEqual(1, 1), a.assertLess(1, 2), a.assertLessOrEqual(2, 2), a.assertNotStrictEquals({}, {}), a.assertIsError(new TypeError("x"), TypeError, "x"), 1)`, 1],
    [`a.assertThrows(() => { throw new TypeError("bad x"); }, TypeError, "bad").message`, "bad x"],
    [`(await a.assertRejects(() => Promise.reject(new RangeError("far")), RangeError, "far")).message`, "far"],
    [`a.equal([1, { a: undefined }], [1, {}])`, false],
    [`a.assert(false)`, /^AssertionError: $/],
    [`a.assert(0, "why")`, /^AssertionError: why$/],
    [`a.assertEquals({ a: 1 }, { a: 2 }, "mine")`, /^AssertionError: .*a: 1.*a: 2.*: mine$/],
    [`a.assertNotEquals([1], [1])`, /^AssertionError/],
    [`a.assertStrictEquals([1], [1])`, /^AssertionError/],
    [`a.assertExists(null)`, /^AssertionError/],
    [`a.assertArrayIncludes([1], [2])`, /^AssertionError/],
    [`a.assertObjectMatch({ a: 1 }, { b: 1 })`, /^AssertionError/],
    [`a.assertObjectMatch({ a: { b: 1 } }, { a: { b: 2 } })`, /^AssertionError/],
    [`a.assertAlmostEquals(1, 2)`, /^AssertionError/],
    [`a.assertThrows(() => {})`, /^AssertionError: Expected the function to throw$/],
    [`a.assertThrows(() => { throw new Error("x"); }, TypeError)`, /^AssertionError: Expected an instance of TypeError/],
    [`a.assertThrows(() => { throw new Error("x"); }, Error, "other")`, /^AssertionError/],
    [`a.assertRejects(async () => {}, Error, "", "mine")`, /^AssertionError: Expected the function to reject: mine$/],
    [`a.assertRejects(() => { throw new Error("x"); })`, /^AssertionError: The function threw/],
    [`a.fail("x")`, /^AssertionError: Failed assertion: x$/],
    [`a.unreachable()`, /^AssertionError: Unreachable\.$/],
    [`a.unimplemented()`, /^AssertionError: Unimplemented\.$/],
    [`new a.AssertionError("x") instanceof Error`, true],
];

const ASYNC = [
    [`(await s.delay(1), 1)`, 1],
    [`s.delay(1000, { signal: AbortSignal.abort(new Error("stop")) })`, /^Error: stop$/],
    [`(() => { const c = new AbortController(); setTimeout(() => c.abort(new Error("now")), 5); return s.delay(5000, { signal: c.signal }); })()`, /^Error: now$/],
    [`s.deadline(Promise.resolve("in time"), 1000)`, "in time"],
    [`s.deadline(s.delay(3000), 5)`, /^TimeoutError/],
    [`s.abortable(s.delay(3000), AbortSignal.abort(new Error("off")))`, /^Error: off$/],
    [`Array.fromAsync(s.abortable((async function* () { yield 1; yield 2; })(), new AbortController().signal))`, [1, 2]],
    [`(async () => { const seen = []; const f = s.debounce((x) => seen.push(x), 10); f(1); f(2); const pending = f.pending; await s.delay(40); f(3); f.flush(); f(4); f.clear(); await s.delay(30); return [seen, pending, f.pending]; })()`,
        [[2, 3], true, false]],
    [`(async () => { let now = 0, most = 0; const all = await Array.fromAsync(s.pooledMap(2, [3, 1, 2, 0], async (x) => { most = Math.max(most, ++now); await s.delay(x * 3); now--; return x; })); return [all, most]; })()`,
        [[3, 1, 2, 0], 2]],
    [`Array.fromAsync(s.pooledMap(2, [1, 2], async (x) => { throw new Error("no " + x); })).catch((e) => [e.name, e.errors.map((one) => one.message)])`, ["AggregateError", ["no 1", "no 2"]]],
    [`(() => { let n = 0; return s.retry(() => { if (++n < 3) throw new Error("again"); return n; }, { minTimeout: 1, maxTimeout: 2 }); })()`, 3],
    [`s.retry(() => { throw new Error("always"); }, { minTimeout: 1, maxAttempts: 2 }).catch((e) => [e instanceof s.RetryError, e.message, e.cause.message])`,
        [true, "Retrying exceeded the maxAttempts (2).", "always"]],
    [`s.retry(() => { throw new TypeError("never"); }, { isRetriable: (e) => !(e instanceof TypeError) })`, /^TypeError: never$/],
    [`(() => { const d = s.deferred(); d.resolve(5); return d; })()`, 5],
];

const OTHER = [
    [`[status.STATUS_CODE.NotFound, status.Status.OK, status.STATUS_CODE.Teapot, status.STATUS_CODE.NonAuthoritativeInfo, status.STATUS_CODE.MultiStatus, status.STATUS_CODE.URITooLong, status.STATUS_CODE.IMUsed]`,
        [404, 200, 418, 203, 207, 414, 226]],
    [`[status.STATUS_CODE.ContentTooLarge, status.Status.RequestEntityTooLarge, status.STATUS_CODE.HTTPVersionNotSupported, status.STATUS_TEXT[404], status.STATUS_TEXT[status.STATUS_CODE.Created]]`,
        [413, 413, 505, "Not Found", "Created"]],
    [`[status.STATUS_CODE.ProxyAuthRequired, status.STATUS_TEXT[418], status.STATUS_TEXT[413]]`, [407, "I'm a teapot", "Content Too Large"]],
    [`[status.isErrorStatus(404), status.isErrorStatus(200), status.isClientErrorStatus(500), status.isServerErrorStatus(503), status.isRedirectStatus(301), status.isSuccessfulStatus(204), status.isInformationalStatus(100), status.isStatus(999)]`,
        [true, false, false, true, true, true, true, false]],
    [`[(await dotenv.load()).GREETING, dotenv.loadSync({ export: true }).GREETING, (await dotenv.config()).GREETING, Deno.env.get("GREETING")]`, ["hi", "hi", "hi", "hi"]],
    [`[dotenv.parse("A=1\\nB='two words'\\n# no\\n"), dotenv.stringify({ A: "1", B: "two words" })]`, [{ A: "1", B: "two words" }, `A=1\nB="two words"`]],
    [`[assertEquals.name, Status.OK]`, ["assertEquals", 200]],
    [`http.serveListener({}, () => {})`, /^NotSupported: serveListener is not available: .*Deno\.serve$/],
    [`new http.Server({}).serve()`, /^NotSupported: serveListener is not available: a function cannot listen/],
    [`new http.Server({}).listenAndServe()`, /^TypeError: Server\.listenAndServe: the handler must be a function/],
    [`Object.keys(http).filter((name) => /^(serve|STATUS_CODE|isErrorStatus)$/.test(name)).sort()`, ["STATUS_CODE", "isErrorStatus", "serve"]],
];

const COOKIES = [
    [`c.getCookies(new Headers({ cookie: "a=1; b=x=y;  c = 3" }))`, { a: "1", b: "x=y", c: "3" }],
    [`c.getCookies(new Headers())`, {}],
    [`((h) => (c.setCookie(h, { name: "a", value: "1", maxAge: 60, secure: true, httpOnly: true, sameSite: "Lax", path: "/", domain: "x.example", expires: new Date(0) }), c.deleteCookie(h, "b", { path: "/" }), h.getSetCookie()))(new Headers())`,
        ["a=1; Secure; HttpOnly; Max-Age=60; Domain=x.example; SameSite=Lax; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]],
    [`((h) => (c.setCookie(h, { name: "__Host-s", value: "1", domain: "x.example" }), h.getSetCookie()))(new Headers())`, ["__Host-s=1; Secure; Path=/"]],
    [`c.setCookie(new Headers(), { name: "a b", value: "1" })`, /^SyntaxError: Invalid cookie name/],
    [`c.setCookie(new Headers(), { name: "a", value: "1;2" })`, /^SyntaxError: Invalid cookie value/],
    [`c.setCookie(new Headers(), { name: "a", value: "1", path: "/;x" })`, /^SyntaxError: Invalid cookie attribute/],
    [`c.getSetCookies(new Headers([["set-cookie", "a=1; Max-Age=5; Secure; Path=/x; Foo=1"], ["set-cookie", "nothing"]]))`, [{ name: "a", value: "1", maxAge: 5, secure: true, path: "/x", unparsed: ["Foo=1"] }]],
];

// RFC 7515, A.1
const RFC_JWT = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const RFC_KEY = `crypto.subtle.importKey("jwk", { kty: "oct", k: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow" }, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"])`;
const HS = `{ alg: "HS256", typ: "JWT" }`;
const DJWT = [
    [`jwt.verify("${RFC_JWT}", await ${RFC_KEY}, { ignoreExp: true })`, { iss: "joe", exp: 1300819380, "http://example.com/is_root": true }],
    [`jwt.verify("${RFC_JWT}", await ${RFC_KEY})`, /^RangeError: The jwt is expired/],
    [`jwt.verify("${RFC_JWT}".replace(/k$/, "j"), await ${RFC_KEY}, { ignoreExp: true })`, /signature does not match/],
    [`jwt.decode("${RFC_JWT}").slice(0, 1)`, [{ typ: "JWT", alg: "HS256" }]],
    [`jwt.decode("a.b")`, /^Error: The serialization of the jwt is invalid/],
    [`jwt.verify(await jwt.create(${HS}, { a: 1, exp: jwt.getNumericDate(60), nbf: jwt.getNumericDate(-5), aud: ["x", "y"] }, await ${RFC_KEY}), () => ${RFC_KEY}, { audience: /^y$/, predicates: [(p) => p.a === 1] }).then((p) => p.a)`, 1],
    [`jwt.verify(await jwt.create(${HS}, { aud: "x" }, "secret"), "secret", { audience: ["z"] })`, /aud claim has failed/],
    [`jwt.verify(await jwt.create(${HS}, {}, "secret"), "secret", { predicates: [() => false] })`, /predicates/],
    [`jwt.verify(await jwt.create(${HS}, { nbf: jwt.getNumericDate(60) }, "secret"), "secret")`, /^RangeError: The jwt is used too early/],
    [`jwt.verify(await jwt.create(${HS}, { exp: "soon" }, "secret"), "secret")`, /invalid 'exp' claim/],
    [`jwt.verify(await jwt.create(${HS}, { a: 2 }, "secret"), "secret", "HS256")`, { a: 2 }],
    [`jwt.verify(await jwt.create(${HS}, { a: 2 }, "secret"), "secret", "HS512")`, /does not match the specified alg/],
    [`jwt.verify(await jwt.create({ alg: "none" }, { a: 3 }, null), null)`, { a: 3 }],
    [`jwt.verify(await jwt.create({ alg: "none" }, { a: 3 }, null), await ${RFC_KEY})`, /'none' does not allow/],
    [`jwt.create({ alg: "XX" }, {}, "k")`, /"XX" is not supported/],
    [`(async () => { const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
        const token = await jwt.create({ alg: "ES256" }, { a: 4 }, privateKey); return [await jwt.verify(token, publicKey), token.split(".").length]; })()`, [{ a: 4 }, 3]],
    [`(async () => { const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["sign", "verify"]);
        const pem = async (label, format, key) => "-----BEGIN " + label + " KEY-----\\n" + Buffer.from(await crypto.subtle.exportKey(format, key)).toString("base64") + "\\n-----END " + label + " KEY-----";
        const token = await jwt.create({ alg: "RS256" }, { a: 5 }, await pem("PRIVATE", "pkcs8", privateKey));
        return [await jwt.verify(token, publicKey), await jwt.verify(token, await pem("PUBLIC", "spki", publicKey)), await jwt.verify(token, await crypto.subtle.importKey("raw", bytes("k"), { name: "HMAC", hash: "SHA-256" }, false, ["verify"])).catch((e) => e.message)]; })()`,
        [{ a: 5 }, { a: 5 }, `The jwt's alg "RS256" does not match the key's algorithm.`]],
];

/** A function with deno.land/x/sift; each row: a request, and the answer's status and text. */
const SIFT = `import { json, serve, validateRequest } from "onetube:land/sift";
    serve({
        "/sift": () => json({ a: 1 }, { status: 201 }),
        "/sift/old/:id": (request, params) => new Response(params.id),
        "/sift/new/:id": (request, info, params) => new Response(params.id + typeof info.remoteAddr),
        "/sift/check": async (request) => json(await validateRequest(request, { GET: {}, POST: { headers: ["x-key"], params: ["q"], body: ["name"] } })),
        404: () => new Response("lost", { status: 404 }),
    });`;
const JSON_TYPE = { "content-type": "application/json" };
const SIFT_ANSWERS = [
    [{ path: "/sift" }, 201, '{"a":1}\n'],
    [{ path: "/sift/old/7" }, 200, "7"],
    [{ path: "/sift/new/7" }, 200, "7object"],
    [{ path: "/nowhere" }, 404, "lost"],
    [{ path: "/sift/check" }, 200, "{}\n"],
    [{ path: "/sift/check", method: "PUT" }, 200, '{"error":{"message":"method PUT is not allowed for the URL","status":405}}\n'],
    [{ path: "/sift/check", method: "POST" }, 200, `{"error":{"message":"param 'q' is required to process the request","status":400}}\n`],
    [{ path: "/sift/check?q=1", method: "POST" }, 200, `{"error":{"message":"header 'x-key' not available","status":400}}\n`],
    [{ path: "/sift/check?q=1", method: "POST", headers: { "x-key": "k" }, body: "x" }, 200, `{"error":{"message":"please provide JSON content","status":400}}\n`],
    [{ path: "/sift/check?q=1", method: "POST", headers: { "x-key": "k", ...JSON_TYPE }, body: "{}" }, 200, `{"error":{"message":"field 'name' is not available in the body","status":400}}\n`],
    [{ path: "/sift/check?q=1", method: "POST", headers: { "x-key": "k", ...JSON_TYPE }, body: '{"name":"n"}' }, 200, '{"body":{"name":"n"}}\n'],
];

/** name, imports, checks */
const LIBRARIES = [
    ["std", `import * as path from "onetube:std/path";`, PATH],
    ["std-encoding", `import * as base64 from "onetube:std/encoding/base64"; import * as base64url from "onetube:std/encoding/base64url";
        import * as hex from "onetube:std/encoding/hex"; import * as all from "onetube:std/encoding";`, ENCODING],
    ["std-crypto", `import * as std from "onetube:std/crypto"; import * as hex from "onetube:std/encoding/hex";`, CRYPTO],
    ["std-assert", `import * as a from "onetube:std/assert";`, ASSERT],
    ["std-async", `import * as s from "onetube:std/async";`, ASYNC],
    ["std-other", `import * as status from "onetube:std/http/status"; import * as http from "onetube:std/http"; import * as dotenv from "onetube:std/dotenv";
        import "onetube:std/dotenv/load"; import { assertEquals } from "onetube:std/testing/asserts"; import { Status } from "onetube:std/http/http_status";`, OTHER],
    ["std-cookies", `import * as c from "onetube:std/http/cookie";`, COOKIES],
    ["djwt", `import * as jwt from "onetube:land/djwt";`, DJWT],
];

export const cases = [...LIBRARIES.map(([name, imports, checks]) => caseOf(name, checks, { imports })), { name: "sift", source: SIFT, public: true }];

/** @param {import("./harness.mjs").Report} report */
export async function run(report, engine) {
    for (const [name, , checks] of LIBRARIES) await runChecks(report, engine, name, checks);
    for (const [request, status, text] of SIFT_ANSWERS) {
        await report.test(`sift: ${request.method ?? "GET"} ${request.path}`, async () => {
            const answer = await send(engine.port("sift"), request);
            assert.deepEqual([answer.status, answer.text], [status, text]);
        });
    }
}
