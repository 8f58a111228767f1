#!/bin/bash
# Checking a token, verified and from the cache, against `openssl speed` of the same operation in the same run. The gateway's time has reading the
# token, its claims and writing the header lines in it as well.
set -eu
. "$(dirname "$0")/lib.bash"

CHECK=$ROOT/out/tools/check_tokens
SECRET=0123456789abcdefghijklmnopqrstuv

cat >make.mjs <<'END'
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
const jose = createRequire(process.argv[2])("jose");
const claims = { iss: "https://project.example/auth/v1", sub: "7a1f2d1e-9f0a-4a53-8d0a-0c4e7b1b5a11", aud: "authenticated", email: "user@example.com",
    phone: "", app_metadata: { provider: "email", providers: ["email"] }, user_metadata: { name: "A User" }, role: "authenticated", aal: "aal1",
    amr: [{ method: "password", timestamp: 1700000000 }], session_id: "0d7ff0d0-9b1c-4a2c-b8a4-2c1f5d6f8e90", is_anonymous: false };
const pairs = { RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }), ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }), EdDSA: generateKeyPairSync("ed25519") };
const keys = [];
const sign = (key, header) => new jose.SignJWT(claims).setProtectedHeader(header).setIssuedAt().setExpirationTime("1h").sign(key);
for (const [alg, pair] of Object.entries(pairs)) {
    keys.push({ ...(await jose.exportJWK(pair.publicKey)), kid: alg });
    writeFileSync(`${alg}.token`, `${await sign(pair.privateKey, { alg, kid: alg, typ: "JWT" })}\n`);
}
writeFileSync("HS256.token", `${await sign(new TextEncoder().encode(process.argv[3]), { alg: "HS256", typ: "JWT" })}\n`);
writeFileSync("jwks.json", JSON.stringify({ keys }));
END
node make.mjs "$ROOT/package.json" "$SECRET"

# Nanoseconds of one verification by `openssl speed`; HS256: of one HMAC over as many bytes as the token has.
theirs() {
    case $1 in
    RS256) openssl speed -mr -seconds 1 rsa2048 2>/dev/null | awk -F: '/^\+F2/ { printf "%.0f", 1e9 / $5 }' ;;
    ES256) openssl speed -mr -seconds 1 ecdsap256 2>/dev/null | awk -F: '/^\+F4/ { printf "%.0f", 1e9 / $5 }' ;;
    EdDSA) openssl speed -mr -seconds 1 ed25519 2>/dev/null | awk -F: '/^\+F6/ { printf "%.0f", 1e9 / $6 }' ;;
    HS256) openssl speed -mr -seconds 1 -hmac sha256 -bytes "$(wc -c <HS256.token)" 2>/dev/null |
        awk -F: -v bytes="$(wc -c <HS256.token)" '/^\+F:/ { printf "%.0f", bytes / $4 * 1e9 }' ;;
    esac
}

slow=0
for algorithm in HS256 RS256 ES256 EdDSA; do
    read -r verified cached < <("$CHECK" time "$SECRET" jwks.json 2000 <$algorithm.token)
    awk -v what=$algorithm -v bytes="$(wc -c <$algorithm.token)" -v verified="$verified" -v cached="$cached" -v theirs="$(theirs $algorithm)" 'BEGIN {
        printf "%s, %d bytes: verified %.1f us (openssl speed %.1f us), from the cache %.2f us (at most 2)\n", what, bytes, verified / 1000, theirs / 1000, cached / 1000
        exit cached > 2000
    }' || slow=1
done
exit $slow
