// Who may call, from which page, how often: authentication, cross-origin sharing, rate limits, the breaker, what a function may read.

import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import path from "node:path";
import { SECRET, SERVICE_KEY, eventually, refused, serving, sleep, soon, test, token, work } from "./harness.mjs";

const unauthorized = { error: "Unauthorized", reason: "unauthorized" };
const invalid = { error: "Unauthorized: the token is not valid", reason: "invalid_token" };
const expired = { error: "Unauthorized: the token has expired", reason: "token_expired" };
const wrong = { "www-authenticate": /^Bearer error="invalid_token"/ };

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Key pairs of the three asymmetric kinds, and tokens of theirs. */
function keySet() {
    const kinds = {
        RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
        ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
        EdDSA: generateKeyPairSync("ed25519"),
    };
    const keys = Object.entries(kinds).map(([alg, { publicKey }]) => ({ ...publicKey.export({ format: "jwk" }), kid: alg, alg, use: "sig" }));
    const make = (alg, claims, kid = alg, header = alg) => {
        const text = `${encode({ alg: header, kid })}.${encode({ exp: soon(), ...claims })}`;
        const hash = alg === "EdDSA" ? null : "sha256";
        return `${text}.${sign(hash, Buffer.from(text), { key: kinds[alg].privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
    };
    return { keys, make, pem: kinds.RS256.publicKey.export({ format: "pem", type: "spki" }) };
}

async function identity(gateway, { make, pem }) {
    const judge = async (bearer) => {
        const answer = await gateway.askAs(bearer, "closed");
        return answer.status === 200 ? answer.json().auth : answer;
    };
    await test("AU1 15.1 nobody: no header, another scheme, an empty token", async () => {
        refused(await gateway.ask("closed"), 401, unauthorized, { "www-authenticate": "Bearer" });
        for (const authorization of ["Basic dTpw", "Bearer", "Bearer ", "bearer  ", SERVICE_KEY])
            assert.equal((await gateway.ask("closed", { headers: { authorization } })).status, 401, authorization);
        for (const headers of [{ cookie: `sb-access-token=${token({ sub: "u" })}` }, { apikey: token({ sub: "u" }) }])
            refused(await gateway.ask("closed", { headers }), 401, unauthorized);
    });
    await test("AU2 WE2 a valid token: user, email, claims and the token itself", async () => {
        const bearer = token({ sub: "u-1", email: "a@b.c", role: "authenticated", aud: "shop", iss: "me", deep: { a: [1] } });
        const auth = await judge(bearer);
        assert.deepEqual([auth.userId, auth.email, auth.rawToken, auth.payload.sub, auth.payload.role, auth.payload.deep], ["u-1", "a@b.c", bearer, "u-1", "authenticated", { a: [1] }]);
        const lower = await gateway.ask("closed", { headers: { authorization: `bEaReR ${bearer}` } });
        assert.equal(lower.json().auth.userId, "u-1");
    });
    await test("AU3 AU5 AU6 AU9 forged tokens: another secret, changed claims, wrong shape", async () => {
        const good = token({ sub: "u-1", aud: "shop", iss: "me" });
        const [head, , signature] = good.split(".");
        const forged = [
            token({ sub: "u-1" }, { secret: `${SECRET}x` }),
            `${head}.${encode({ sub: "root", exp: soon() })}.${signature}`,
            `${good}.x`,
            `${good}=`,
            good.slice(0, -1),
            good.split(".").slice(0, 2).join("."),
            `${head}.${encode({ sub: "root", exp: soon() })}.`,
            "opaque-text",
            "a.b.c",
            "..",
            "x".repeat(9000),
        ];
        for (const bearer of forged) refused(await judge(bearer), 401, invalid, wrong);
    });
    await test("AU4 15.6 time: expired, not yet; no expiry at all; 30 s are forgiven", async () => {
        const now = Math.floor(Date.now() / 1000);
        const claims = { sub: "u", aud: "shop", iss: "me" };
        refused(await judge(token({ ...claims, exp: now - 40 })), 401, expired, wrong);
        refused(await judge(token({ ...claims, nbf: now + 90 })), 401, invalid, wrong);
        for (const exp of [undefined, "4102444800", null, -1, 1e300]) assert.equal((await judge(token({ ...claims, exp }))).status, 401, String(exp));
        assert.equal((await judge(token({ ...claims, exp: now - 10, nbf: now + 10 }))).userId, "u");
    });
    await test("15.6 the algorithm belongs to the key: none, and a public key as an HMAC secret, are refused", async () => {
        const claims = { sub: "root", aud: "shop", iss: "me", exp: soon() };
        for (const alg of ["none", "None", "", "HS512", "RS256"]) refused(await judge(token(claims, { header: { alg } })), 401, invalid);
        refused(await judge(token(claims, { secret: pem, header: { alg: "HS256", kid: "RS256" } })), 401, invalid);
        refused(await judge(make("RS256", claims, "ES256")), 401, invalid);
        refused(await judge(make("ES256", claims, "ES256", "RS256")), 401, invalid);
        refused(await judge(make("EdDSA", claims, "nobody's")), 401, invalid);
        refused(await judge(token(claims, { header: { alg: "HS256", crit: ["x"], x: 1 } })), 401, invalid);
    });
    await test("15.6 RS256, ES256 and EdDSA with a key set; issuer and audience are checked", async () => {
        for (const alg of ["RS256", "ES256", "EdDSA"]) {
            assert.equal((await judge(make(alg, { sub: alg, aud: ["x", "shop"], iss: "me" }))).userId, alg);
            refused(await judge(make(alg, { sub: alg, aud: "other", iss: "me" })), 401, invalid);
            refused(await judge(make(alg, { sub: alg, aud: "shop", iss: "you" })), 401, invalid);
        }
    });
    await test("AU8 15.3 the service key: a service, nobody's user and not \"anon\"", async () => {
        const auth = await judge(SERVICE_KEY);
        assert.deepEqual([auth.userId, auth.payload.role], ["", "service_role"]);
        for (const near of [SERVICE_KEY.slice(0, -1), `${SERVICE_KEY}x`, `X${SERVICE_KEY.slice(1)}`]) refused(await judge(near), 401, invalid);
    });
    await test("15.3 claims in any script arrive; without sub there is no user called \"undefined\"", async () => {
        const auth = await judge(token({ sub: "користувач\r\nx: y", email: "日本@例え", aud: "shop", iss: "me", note: "\u2028\"" }));
        assert.deepEqual([auth.userId, auth.email, auth.payload.note], ["користувач\r\nx: y", "日本@例え", "\u2028\""]);
        const nameless = await judge(token({ role: "authenticated", aud: "shop", iss: "me" }));
        assert(!["undefined", "anon"].includes(nameless.userId));
    });
    await test("15.2 nobody can put an identity in headers, in any spelling", async () => {
        for (const name of ["x-1tube-auth-user", "X-1TUBE-AUTH-USER", "x-1tube-Auth-Payload", "x-1tube-anything"]) {
            refused(await gateway.ask("closed", { headers: { [name]: "root" } }), 401, unauthorized);
            const seen = (await gateway.ask("probe/x", { headers: { [name]: "root", x_1tube_auth_user: "root" } })).json();
            assert.equal(Object.keys(seen.headers).some((key) => key.startsWith("x-1tube-auth") || key === "x-1tube-anything"), false);
        }
        const headers = { "x-1tube-auth-user": "root", "x-1tube-auth-email": "root@x", "x-1tube-auth-payload": "%7B%22role%22%3A%22service_role%22%7D" };
        const auth = (await gateway.askAs(token({ sub: "u-1", aud: "shop", iss: "me" }), "closed", { headers })).json().auth;
        assert.deepEqual([auth.userId, auth.email, auth.payload.role], ["u-1", "", undefined]);
    });
    await test("15.4 a public function gets no identity headers; a bad token on it is ignored", async () => {
        for (const bearer of [token({ sub: "u-1", aud: "shop", iss: "me" }), "forged.to.ken"]) {
            const answer = await gateway.askAs(bearer, "probe/x");
            assert.equal(answer.status, 200);
            assert.deepEqual(Object.keys(answer.json().headers).filter((name) => name.startsWith("x-1tube-auth")), []);
            assert.equal(answer.json().headers.authorization, `Bearer ${bearer}`);
        }
    });
    await test("JC1 a known token is not verified again, a refused one is never known", async () => {
        const bearer = token({ sub: "cached", aud: "shop", iss: "me" });
        const count = () => gateway.metric("onetube_tokens_verified_total");
        const before = await count();
        for (let i = 0; i < 8; i++) assert.equal((await judge(bearer)).userId, "cached");
        assert((await count()) - before <= 2); // once for each thread
        const between = await count();
        for (let i = 0; i < 8; i++) await judge(`${bearer}x`);
        assert.equal((await count()) - between, 8);
    });
    await test("15.7 ES1 ES2 ES3 ES4 WE3 a function reads what manifest and operator both name, and nothing else", async () => {
        const seen = (await gateway.ask("probe/env")).json();
        assert.deepEqual(seen, { a: "yes", empty: "", other: null, key: null, unnamed: null, all: ["ALLOWED", "EMPTY"] });
    });
    await test("15.5 the engine cannot be reached past the gateway: no port, no socket in any folder", async () => {
        const { pid } = await gateway.cell("closed");
        const inodes = new Set(
            readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
                try {
                    return readlinkSync(`/proc/${pid}/fd/${fd}`).match(/^socket:\[(\d+)\]$/)?.[1] ?? [];
                } catch {
                    return [];
                }
            }),
        );
        const listening = ["tcp", "tcp6"].flatMap((kind) =>
            readFileSync(`/proc/net/${kind}`, "utf8").split("\n").map((line) => line.trim().split(/\s+/)).filter((one) => one[3] === "0A" && inodes.has(one[9])),
        );
        assert.deepEqual(listening, []);
        const paths = readFileSync("/proc/net/unix", "utf8").split("\n").map((line) => line.trim().split(/\s+/)).filter((one) => inodes.has(one[6]) && one[7]);
        for (const [, , , , , , , file] of paths) assert.equal(existsSync(file), false, file);
    });
}

async function origins(payload) {
    const listed = "https://app.example,https://*.schools.example,http://plain.example:8080";
    const from = (gateway, origin, where = "plain", more = {}) => gateway.ask(where, { headers: origin ? { origin } : {}, ...more });
    const allowed = (answer) => answer.headers["access-control-allow-origin"];
    const preflight = (gateway, origin, where) =>
        gateway.ask(where, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });

    await serving("listed origins", [payload, ["--cors-origin", listed]], async (gateway) => {
        await test("CO3 a listed origin: echoed, with credentials, and caches know", async () => {
            const answer = await from(gateway, "https://app.example");
            assert.equal(answer.status, 200);
            assert.deepEqual([allowed(answer), answer.headers["access-control-allow-credentials"]], ["https://app.example", "true"]);
            assert.match(answer.headers.vary, /\borigin\b/i);
        });
        await test("CO4 15.14 another origin, scheme or port: no header, but Vary", async () => {
            const others = ["https://evil.example", "http://app.example", "https://app.example:8443", "https://app.example.evil.example", "https://xapp.example", "null", "http://plain.example", "https://plain.example:8080", "app.example", "https://app.example/"];
            for (const origin of [...others, undefined]) {
                const answer = await from(gateway, origin);
                assert.deepEqual([answer.status, allowed(answer), answer.headers["access-control-allow-credentials"]], [200, undefined, undefined], origin);
                assert.match(answer.headers.vary ?? "", /\borigin\b/i, origin);
            }
        });
        await test("CO5 *.schools.example: what is below it, not itself, and only https", async () => {
            for (const origin of ["https://a.schools.example", "https://a.b.schools.example"]) assert.equal(allowed(await from(gateway, origin)), origin);
            for (const origin of ["https://schools.example", "http://a.schools.example", "https://evilschools.example", "https://a.schools.example:444"])
                assert.equal(allowed(await from(gateway, origin)), undefined, origin);
        });
        await test("CO8 CO11 a preflight of a closed function: 204 without a token", async () => {
            const answer = await preflight(gateway, "https://app.example", "closed");
            assert.deepEqual([answer.status, answer.text, allowed(answer)], [204, "", "https://app.example"]);
            assert.equal(answer.headers["access-control-allow-methods"], "POST, GET, OPTIONS, PUT, PATCH, DELETE");
            assert.equal(answer.headers["access-control-allow-headers"], "authorization, x-client-info, apikey, content-type, x-application-name, user-agent");
            assert.equal(answer.headers["access-control-max-age"], undefined); // CO13
            assert.equal((await gateway.cell("closed")).starts, 0);
        });
        await test("CO9 a preflight from elsewhere: 204 that allows nothing", async () => {
            for (const where of ["closed", "our-preflight"]) {
                const answer = await preflight(gateway, "https://evil.example", where);
                assert.deepEqual([answer.status, allowed(answer), answer.headers["access-control-allow-methods"]], [204, undefined, undefined]);
                assert.match(answer.headers.vary, /\borigin\b/i);
            }
        });
        await test("15.14 a function may answer its own preflight; one that does not is helped; one that asked not to is not called", async () => {
            const own = await preflight(gateway, "https://app.example", "probe/preflight");
            assert.deepEqual([own.status, allowed(own), own.headers["x-method"]], [204, "https://own.example", "OPTIONS"]);
            const closed = await preflight(gateway, "https://app.example", "own-preflight/preflight");
            assert.deepEqual([closed.status, allowed(closed)], [204, "https://own.example"]);
            refused(await gateway.ask("own-preflight/preflight", { method: "OPTIONS", headers: { origin: "https://app.example" } }), 401, unauthorized);
            refused(await gateway.ask("own-preflight", { headers: { "x-1tube-auth-preflight": "1", "access-control-request-method": "POST", origin: "https://app.example" } }), 401, unauthorized);
            const helped = await preflight(gateway, "https://app.example", "probe/status/405");
            assert.deepEqual([helped.status, allowed(helped), helped.text], [204, "https://app.example", ""]);
            const ours = await preflight(gateway, "https://app.example", "our-preflight/preflight");
            assert.deepEqual([ours.status, allowed(ours), ours.headers["x-method"]], [204, "https://app.example", undefined]);
            assert.equal((await gateway.cell("our-preflight")).starts, 0);
        });
        await test("15.14 OPTIONS that is no preflight is the function's", async () => {
            assert.equal((await gateway.ask("plain", { method: "OPTIONS" })).json().method, "OPTIONS");
            refused(await gateway.ask("closed", { method: "OPTIONS" }), 401, unauthorized);
        });
        await test("15.14 what the function says of sharing stays, its Vary too", async () => {
            const own = await from(gateway, "https://app.example", "probe/cors");
            assert.deepEqual([own.all("access-control-allow-origin"), own.headers["access-control-max-age"]], [["https://own.example"], "7"]);
            assert.deepEqual(own.all("vary").join().toLowerCase().split(/,\s*/).sort(), ["accept", "origin"]);
            const vary = await from(gateway, "https://app.example", "probe/vary");
            assert.deepEqual(vary.all("vary"), ["accept, origin"]);
        });
        await test("8.3 refusals can be read by pages of listed origins too", async () => {
            for (const [where, status] of [["no-such-fn", 404], ["closed", 401]]) {
                const answer = await from(gateway, "https://app.example", where);
                assert.deepEqual([answer.status, allowed(answer)], [status, "https://app.example"]);
                assert.match(answer.headers["access-control-expose-headers"], /retry-after/i);
            }
        });
    });
    await serving("no origins", [payload, []], async (gateway) => {
        await test("CO2 nothing is configured in production: no header, and the answer is there", async () => {
            const answer = await from(gateway, "https://app.example");
            assert.deepEqual([answer.status, allowed(answer)], [200, undefined]);
        });
    });
    await serving("dev", [payload, ["--dev"]], async (gateway) => {
        await test("CO1 development: any origin, never with credentials", async () => {
            const answer = await from(gateway, "http://localhost:5173", "no-such-fn");
            assert.equal(allowed(answer), "http://localhost:5173");
            assert.equal(answer.headers["access-control-allow-credentials"], undefined);
        });
    });
    for (const [id, list] of [["CO7", "*"], ["CO6", "https://app.example,*"]])
        await serving(`origins ${list}`, [payload, ["--cors-origin", list, "--cors-allow-credentials", "on"]], async (gateway) => {
            await test(`${id} CO15 15.14 any origin, and never with credentials though they are switched on`, async () => {
                const answer = await from(gateway, "https://whoever.example", "no-such-fn");
                assert(["*", "https://whoever.example"].includes(allowed(answer)), allowed(answer));
                assert.equal(answer.headers["access-control-allow-credentials"], undefined);
                assert.equal((await preflight(gateway, "https://whoever.example", "closed")).headers["access-control-allow-credentials"], undefined);
            });
        });
    const more = ["--cors-origin", "https://app.example", "--cors-allow-headers", "x-a,x-b", "--cors-allow-methods", "GET", "--cors-expose-headers", "X-Own,Retry-After,x-own"];
    await serving("own CORS words", [payload, [...more, "--cors-max-age", "600", "--cors-allow-credentials", "off"]], async (gateway) => {
        await test("CO10 CO11 CO12 CO13 CO14 replaced, merged, added, switched off", async () => {
            const { headers } = await preflight(gateway, "https://app.example", "closed");
            assert.deepEqual(
                [headers["access-control-allow-headers"], headers["access-control-allow-methods"], headers["access-control-max-age"], headers["access-control-allow-credentials"]],
                ["x-a, x-b", "GET", "600", undefined],
            );
            const exposed = (await from(gateway, "https://app.example", "no-such-fn")).headers["access-control-expose-headers"].toLowerCase().split(", ");
            for (const name of ["retry-after", "x-1tube-warming", "x-own"]) assert.equal(exposed.filter((one) => one === name).length, 1, name);
        });
    });
}

async function limits(payload) {
    const limited = (answer, rpm) => {
        const seconds = answer.json().retryAfterSeconds;
        refused(answer, 429, { error: "Rate limit exceeded", reason: "rate_limited", retryAfterSeconds: seconds }, { "retry-after": String(seconds), "ratelimit-limit": String(rpm), "ratelimit-remaining": "0" });
        assert(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60 / rpm, `${seconds}`);
    };
    const bearer = (sub) => token({ sub });
    await serving("limits", [payload, ["--trusted-proxy", "127.0.0.0/8", "--trusted-proxy", "10.0.0.0/8"], { SUPABASE_SERVICE_ROLE_KEY: SERVICE_KEY }], async (gateway) => {
        const by = (address, where, more = {}) => gateway.ask(where, { ...more, headers: { ...more.headers, "x-forwarded-for": address } });
        await test("RL1 RL6 15.15 8.2 three pass, the fourth is 429 with Retry-After; RateLimit-* on all of them", async () => {
            for (let left = 2; left >= 0; left--) {
                const answer = await by("192.0.2.1", "three");
                assert.deepEqual([answer.status, answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"]], [200, "3", String(left)]);
                assert.match(answer.headers["ratelimit-reset"], /^[1-9]\d*$/);
            }
            limited(await by("192.0.2.1", "three"), 3);
            assert.equal((await by("192.0.2.2", "three")).status, 200);
            assert.equal((await by("192.0.2.1", "plain")).headers["ratelimit-limit"], "120");
        });
        await test("RL7 rpm 0: exempt, and not told of limits", async () => {
            for (let i = 0; i < 30; i++) assert.equal((await by("192.0.2.1", "workers")).status, 200);
            assert.equal((await by("192.0.2.1", "workers")).headers["ratelimit-limit"], undefined);
        });
        await test("RL2 a bucket for each user, wherever they are", async () => {
            for (let i = 0; i < 3; i++) assert.equal((await by(`192.0.2.${10 + i}`, "three-closed", { headers: { authorization: `Bearer ${bearer("u-1")}` } })).status, 200);
            limited(await by("192.0.2.20", "three-closed", { headers: { authorization: `Bearer ${bearer("u-1")}` } }), 3);
            assert.equal((await by("192.0.2.20", "three-closed", { headers: { authorization: `Bearer ${bearer("u-2")}` } })).status, 200);
        });
        await test("RL2 the service key is not limited", async () => {
            for (let i = 0; i < 6; i++) assert.equal((await by("192.0.2.30", "three-closed", { headers: { authorization: `Bearer ${SERVICE_KEY}` } })).status, 200);
        });
        await test("15.16 bad tokens use up their address, and are then not verified any more", async () => {
            const ask = () => by("192.0.2.40", "three-closed", { headers: { authorization: `Bearer ${token({ sub: "x" }, { secret: "another" })}` } });
            for (let i = 0; i < 3; i++) assert.equal((await ask()).status, 401);
            const before = await gateway.metric("onetube_tokens_verified_total");
            for (let i = 0; i < 5; i++) limited(await ask(), 3);
            assert.equal(await gateway.metric("onetube_tokens_verified_total"), before);
        });
        await test("RL8 one bucket for all callers", async () => {
            for (let i = 0; i < 3; i++) assert.equal((await by(`192.0.2.${50 + i}`, "three-global", { headers: { authorization: `Bearer ${bearer("u-g")}` } })).status, 200);
            limited(await by("192.0.2.60", "three-global"), 3);
        });
        await test("RL9 by address, whoever it is", async () => {
            for (let i = 0; i < 3; i++) assert.equal((await by("192.0.2.70", "three-ip", { headers: { authorization: `Bearer ${bearer(`u-${i}`)}` } })).status, 200);
            limited(await by("192.0.2.70", "three-ip", { headers: { authorization: `Bearer ${bearer("u-9")}` } }), 3);
        });
        await test("15.15 the right-most hop that is no proxy of ours counts: a client cannot choose its address", async () => {
            for (let i = 0; i < 3; i++) assert.equal((await by(`203.0.113.${i}, 198.51.100.7, 10.1.2.3`, "three")).status, 200);
            limited(await by("203.0.113.99, 198.51.100.7, 10.1.2.3", "three"), 3);
            for (let i = 0; i < 3; i++) assert.equal((await by(`2001:db8:0:1::${i}`, "three")).status, 200); // one /64
            limited(await by("2001:db8:0:1:ffff::1", "three"), 3);
        });
        await test("RL5 15.15 twenty thousand other callers do not give a limited one its requests back", async () => {
            limited(await by("192.0.2.1", "three"), 3);
            const agent = new Agent({ keepAlive: true, maxSockets: 32 });
            const one = (i) => by(`100.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`, "three-ip", { agent, method: "POST", headers: { authorization: "Bearer x" } });
            const before = gateway.residentKiB();
            let next = 0;
            await Promise.all(Array.from({ length: 32 }, async () => { while (next < 20000) await one(next++ % 20000); }));
            agent.destroy();
            limited(await by("192.0.2.1", "three"), 3);
            assert(gateway.residentKiB() - before < 16384, "memory stays within bounds");
        });
        await test("15.19 behind a proxy of ours its word is passed on: scheme, host and the way", async () => {
            const seen = (await by("192.0.2.99", "plain", { headers: { "x-forwarded-proto": "https", "x-forwarded-host": "shop.example" } })).json();
            assert.deepEqual([seen.headers["x-forwarded-for"], seen.headers["x-forwarded-proto"], seen.headers["x-forwarded-host"]], ["192.0.2.99, 127.0.0.1", "https", "shop.example"]);
            assert.equal(new URL(seen.url).protocol, "https:");
            const odd = (await by("192.0.2.99", "plain", { headers: { "x-forwarded-proto": "javascript" } })).json();
            assert.deepEqual([odd.headers["x-forwarded-proto"], new URL(odd.url).protocol], ["http", "http:"]);
        });
    });
    await serving("no proxy", [payload, []], async (gateway) => {
        await test("RL3 X-Forwarded-For of strangers is not believed", async () => {
            for (let i = 0; i < 3; i++) assert.equal((await gateway.ask("three", { headers: { "x-forwarded-for": `192.0.2.${i}`, "x-real-ip": `192.0.2.${i}` } })).status, 200);
            limited(await gateway.ask("three", { headers: { "x-forwarded-for": "192.0.2.77", "x-real-ip": "192.0.2.77" } }), 3);
        });
        await test("RL4 15.15 the part of a token that a pause gives back is not lost", async () => {
            // 20 s for one token of three: none is back after 1.2 s, and the wait has become shorter
            const first = (await gateway.ask("three")).json().retryAfterSeconds;
            await sleep(1200);
            const second = (await gateway.ask("three")).json().retryAfterSeconds;
            assert(second < first, `${first}, then ${second}`);
        });
    });
    await serving("not limited", [payload, ["--no-rate-limit"]], async (gateway) => {
        await test("8.7 switched off: said at the start, and nobody is limited", async () => {
            assert.match(gateway.said, /requests are not limited/);
            for (let i = 0; i < 8; i++) assert.equal((await gateway.ask("three")).status, 200);
        });
    });
}

/** @param {import("./harness.mjs").Gateway} gateway */
async function breaker(payload) {
    await serving("breaker", [payload, ["--trusted-proxy", "loopback"]], async (gateway) => {
        const by = (address, where) => gateway.ask(where, { headers: { "x-forwarded-for": address } });
        const state = async () => (await gateway.health()).supervisor.flaky;
        await test("SV7 not before the window is full: nine failures pass, the tenth opens it", async () => {
            for (let i = 0; i < 9; i++) {
                assert.equal((await by("192.0.2.1", "flaky/fail")).status, 500);
                assert.equal((await state()).breakerOpen, false);
            }
            assert.equal((await by("192.0.2.1", "flaky/fail")).status, 500);
            assert.equal((await state()).breakerOpen, true);
            const answer = await by("192.0.2.1", "flaky");
            refused(answer, 503, { error: "Service temporarily unavailable", reason: "circuit_breaker_open" }, { "retry-after": "1" });
        });
        await test("SV2 15.17 after its rest exactly one tries; when that fails, it rests again", async () => {
            await sleep(1050);
            const answers = await Promise.all(Array.from({ length: 12 }, () => by("192.0.2.1", "flaky/fail")));
            assert.deepEqual(answers.map(({ status }) => status).sort(), [500, ...Array(11).fill(503)]);
            assert.equal((await by("192.0.2.1", "flaky")).status, 503);
        });
        await test("SV2 when the one that tries succeeds, all may come again", async () => {
            await sleep(1050);
            assert.equal((await by("192.0.2.1", "flaky")).status, 200);
            const answers = await Promise.all(Array.from({ length: 12 }, () => by("192.0.2.1", "flaky")));
            assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
            assert.equal((await state()).breakerOpen, false);
        });
        await test("15.17 one client whose requests fail does not close the function for those whose succeed", async () => {
            for (let i = 0; i < 40; i++) {
                assert.equal((await by("192.0.2.66", "flaky/fail")).status, 500, `${i}`);
                if (i % 9 === 0) assert.equal((await by(`192.0.2.${100 + i}`, "flaky")).status, 200);
            }
        });
        await test("8.12 15.18 answers of its own from 400 to 499 are no failures", async () => {
            const { errors } = await state();
            for (let i = 0; i < 12; i++) assert.equal((await by("192.0.2.80", "flaky/own")).status, 418);
            assert.equal((await state()).errors, errors);
        });
        await test("SV4 SV8 numbers of those that were called", async () => {
            const { supervisor } = await gateway.health();
            assert.deepEqual(Object.keys(supervisor), ["flaky"]);
            assert(supervisor.flaky.invocations > supervisor.flaky.errors && supervisor.flaky.errors > 50);
        });
    });
}

export async function callers(payload) {
    const set = keySet();
    const file = path.join(work, "jwks.json");
    writeFileSync(file, JSON.stringify({ keys: set.keys }));
    const args = ["--jwks", file, "--jwt-issuer", "me", "--jwt-audience", "shop", "--default-rpm", "100000", "--env", "ALLOWED,EMPTY,JWT_SECRET,INTERNAL_KEY"];
    const env = { SUPABASE_SERVICE_ROLE_KEY: SERVICE_KEY, ALLOWED: "yes", EMPTY: "", UNNAMED: "not allowed by the operator" };
    await serving("identity", [payload, args, env], (gateway) => identity(gateway, set));
    await serving("without keys of its own", [payload, ["--jwks", file], { JWT_SECRET: "" }], async (gateway) => {
        await test("AU7 AU10 no secret and no service key: their tokens are nobody's", async () => {
            refused(await gateway.askAs(token({ sub: "u" }), "closed"), 401, invalid);
            refused(await gateway.askAs(token({ sub: "u" }, { secret: "" }), "closed"), 401, invalid);
            refused(await gateway.askAs(SERVICE_KEY, "closed"), 401, invalid);
            assert.equal((await gateway.askAs(set.make("ES256", { sub: "u" }), "closed")).status, 200);
        });
        await test("AU11 a changed key set is seen after SIGHUP, both ways", async () => {
            const other = keySet();
            writeFileSync(file, JSON.stringify({ keys: other.keys }));
            gateway.kill("SIGHUP");
            await eventually(async () => (await gateway.askAs(other.make("EdDSA", { sub: "u" }), "closed")).status, 200);
            await eventually(async () => (await gateway.askAs(set.make("EdDSA", { sub: "u" }), "closed")).status, 401);
        });
    });
}

export const groups = { origins, limits, breaker };
