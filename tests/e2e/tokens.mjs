// Tokens made by another library against what the gateway says of them: node tokens.mjs CHECK_TOKENS FOLDER. Says
// what differs; exits 1 when anything does.
import * as jose from "jose";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";

const [program, folder] = process.argv.slice(2);
const now = 1800000000;
const secretText = "0123456789abcdefghijklmnopqrstuv";
const secret = new TextEncoder().encode(secretText);
const claims = { sub: "користувач 1/2", email: "a+b@c.example", role: "authenticated", n: [1.5, -2e-7] };

const cases = []; // [what, token, verdict]
const sets = {}; // file -> keys

const keysOf = {
    RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
    "RS256-4096": () => generateKeyPairSync("rsa", { modulusLength: 4096 }),
    ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
    EdDSA: () => generateKeyPairSync("ed25519"),
};

async function publicJwk(pair, more = {}) {
    const jwk = await jose.exportJWK(pair.publicKey);
    return { ...jwk, kid: await jose.calculateJwkThumbprint(jwk), use: "sig", ...more };
}

const sign = (key, header, payload = claims, exp = now + 100) => {
    const jwt = new jose.SignJWT({ ...payload }).setProtectedHeader(header);
    return (exp === null ? jwt : jwt.setExpirationTime(exp)).sign(key);
};

const flip = (text, at) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** What holds for every algorithm: `make(header, payload, exp)` signs with the right key. */
async function common(name, header, make) {
    const good = await make(header);
    const [head, body, signature] = good.split(".");
    const add = (what, token, verdict) => cases.push([`${name}: ${what}`, token, verdict]);

    add("good", good, "ok");
    add("typ JWT", await make({ ...header, typ: "JWT" }), "ok");
    add("typ at+jwt", await make({ ...header, typ: "at+jwt" }), "ok");
    add("expired within the leeway", await make(header, claims, now - 29), "ok");
    add("expired", await make(header, claims, now - 30), "expired");
    add("no exp", await make(header, claims, null), "invalid");
    add("not yet", await make(header, { ...claims, nbf: now + 31 }), "invalid");
    add("just now", await make(header, { ...claims, nbf: now + 30, iat: now + 30 }), "ok");
    add("made in the future", await make(header, { ...claims, iat: now + 31 }), "invalid");
    add("audiences", await make(header, { ...claims, aud: ["a", "b"] }), "ok");
    add("sub is a number", await make(header, { ...claims, sub: 1 }), "invalid");
    add("typ of another purpose", await make({ ...header, typ: "logout+jwt" }), "invalid");
    add("payload altered", `${head}.${part({ ...claims, exp: now + 100, role: "service_role" })}.${signature}`, "invalid");
    add("header altered", `${part({ ...header, x: 1 })}.${body}.${signature}`, "invalid");
    add("alg none", `${part({ ...header, alg: "none" })}.${body}.`, "invalid");
    add("alg none with signature", `${part({ ...header, alg: "none" })}.${body}.${signature}`, "invalid");
    add("no signature", `${head}.${body}.`, "invalid");
    add("two parts", `${head}.${body}`, "invalid");
    add("four parts", `${good}.${signature}`, "invalid");
    add("signature cut", good.slice(0, -4), "invalid");
    add("signature longer", `${good}AAAA`, "invalid");
    add("padding", `${good}=`, "invalid");
    add("signature altered", flip(good, good.length - 10), "invalid");
    add("signature of zeros", `${head}.${body}.${part("\0".repeat(Buffer.from(signature, "base64url").length))}`, "invalid");
    add("standard base64", `${head}.${body}.${Buffer.from(signature, "base64url").toString("base64")}`,
        Buffer.from(signature, "base64url").toString("base64") === signature ? "ok" : "invalid");
    add("blank inside", `${head}. ${body}.${signature}`, "invalid");
    return good;
}

async function asymmetric(name) {
    const alg = name.split("-")[0];
    const pair = keysOf[name]();
    const other = keysOf[name]();
    const jwk = await publicJwk(pair);
    const header = { alg, kid: jwk.kid };
    const make = (...rest) => sign(pair.privateKey, ...rest);
    const add = (what, token, verdict) => cases.push([`${name}: ${what}`, token, verdict]);

    sets[name] = [jwk];
    await common(name, header, make);
    add("without kid", await make({ alg }), "ok");
    add("another key", await sign(other.privateKey, header), "invalid");
    add("another key, without kid", await sign(other.privateKey, { alg }), "invalid");
    add("another key that comes along", await sign(other.privateKey, { alg, jwk: await publicJwk(other) }), "invalid");
    add("kid of nobody", await make({ alg, kid: "nobody" }), "invalid");
    add("crit that is understood elsewhere", await new jose.CompactSign(new TextEncoder().encode(JSON.stringify({ ...claims, exp: now + 100 })))
        .setProtectedHeader({ ...header, crit: ["b64"], b64: true }).sign(pair.privateKey), "invalid");
    for (const [what, key] of [
        ["PEM", pair.publicKey.export({ type: "spki", format: "pem" })],
        ["DER", pair.publicKey.export({ type: "spki", format: "der" })],
        ["JWK", JSON.stringify(jwk)],
    ])
        add(`HS256 with the public key as ${what}`, await sign(Buffer.from(key), { alg: "HS256", kid: jwk.kid }), "invalid");
    return { pair, jwk, add };
}

const rsa = await asymmetric("RS256");
for (const alg of ["RS384", "RS512", "PS256", "PS512"])
    rsa.add(alg, await sign(rsa.pair.privateKey, { alg, kid: rsa.jwk.kid }), "invalid");
rsa.add("PS256 called RS256", (await sign(rsa.pair.privateKey, { alg: "PS256", kid: rsa.jwk.kid })).replace(/^[^.]*/, part({ alg: "RS256", kid: rsa.jwk.kid })), "invalid");
await asymmetric("RS256-4096");
const ec = await asymmetric("ES256");
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
sets.ES256.push(await publicJwk(p384));
ec.add("ES384 with a key of the set", await sign(p384.privateKey, { alg: "ES384" }), "invalid");
ec.add("ES384 called ES256", (await sign(p384.privateKey, { alg: "ES384" })).replace(/^[^.]*/, part({ alg: "ES256", kid: sets.ES256[1].kid })), "invalid");
await asymmetric("EdDSA");

// A key that must not verify: for another algorithm, for encryption, only for signing.
for (const [what, more] of [["alg", { alg: "PS256" }], ["use", { use: "enc" }], ["key_ops", { key_ops: ["sign"] }]]) {
    const pair = keysOf.RS256();
    sets[`RS256 ${what}`] = [await publicJwk(pair, more), ...sets.EdDSA];
    cases.push([`RS256 ${what}: unusable key`, await sign(pair.privateKey, { alg: "RS256", kid: sets[`RS256 ${what}`][0].kid }), "invalid"]);
}

await common("HS256", { alg: "HS256" }, (...rest) => sign(secret, ...rest));
cases.push(["HS256: HS512", await sign(new TextEncoder().encode(secretText.repeat(2)), { alg: "HS512" }), "invalid"]);
cases.push(["HS256: another secret", await sign(new TextEncoder().encode(`${secretText}x`), { alg: "HS256" }), "invalid"]);
cases.push(["HS256: with a kid", await sign(secret, { alg: "HS256", kid: "legacy" }), "ok"]);
cases.push(["HS256: unsecured", new jose.UnsecuredJWT(claims).setExpirationTime(now + 100).encode(), "invalid"]);
cases.push(["HS256: encrypted", await new jose.EncryptJWT(claims).setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .setExpirationTime(now + 100).encrypt(secret), "invalid"]);

/** Compares what is said of every case of one key set. */
function compare(name, keys, chosen) {
    const file = keys === undefined ? "" : `${folder}/jwks.json`;
    if (file !== "") writeFileSync(file, JSON.stringify({ keys }));
    const run = spawnSync(program, [String(now), name === "HS256" ? secretText : "", file], {
        input: chosen.map(([, token]) => `${token}\n`).join(""),
        encoding: "utf8",
    });
    const answers = run.stdout.trim().split("\n");
    if (run.status !== 0 || answers.length !== chosen.length) {
        console.log(`${name}: ${run.stderr}, ${answers.length} answers to ${chosen.length} tokens`);
        return 1;
    }
    let bad = 0;
    chosen.forEach(([what, token, verdict], i) => {
        const answer = JSON.parse(answers[i]);
        if (answer.verdict !== verdict) {
            bad++;
            console.log(`${what}: ${answer.verdict}, not ${verdict}: ${token}`);
        } else if (verdict === "ok") {
            bad += identityDiffers(what, token, answer.lines);
        }
    });
    return bad;
}

function identityDiffers(what, token, lines) {
    const found = Object.fromEntries(lines.map((line) => [line.split(": ")[0], decodeURIComponent(line.split(": ")[1])]));
    const payload = JSON.stringify(jose.decodeJwt(token));
    const same = found["x-1tube-auth-user"] === claims.sub && found["x-1tube-auth-email"] === claims.email &&
        found["x-1tube-auth-token"] === token && JSON.stringify(JSON.parse(found["x-1tube-auth-payload"])) === payload &&
        lines.length === 4 && lines[0] === `x-1tube-auth-user: ${encodeURIComponent(claims.sub)}`;
    if (!same) console.log(`${what}: another identity: ${lines.join(" | ")}`);
    return same ? 0 : 1;
}

let bad = 0;
for (const name of new Set(cases.map(([what]) => what.split(": ")[0])))
    bad += compare(name, sets[name], cases.filter(([what]) => what.startsWith(`${name}: `)));
console.log(`${cases.length} tokens, ${bad} differ`);
process.exit(bad > 0 || cases.length < 150 ? 1 : 0);
