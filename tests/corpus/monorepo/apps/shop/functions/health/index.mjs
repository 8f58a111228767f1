import { crypto } from 'https://deno.land/std@0.177.0/crypto/mod.ts'
import { toHashString } from 'https://deno.land/std@0.177.0/crypto/to_hash_string.ts'
import * as hex from 'jsr:@std/encoding/hex'

Deno.serve(async () => {
  const { state } = await Deno.permissions.query({ name: 'run' })
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode('abc'))
  return Response.json({ run: state, os: Deno.build.os, sha1: hex.encodeHex(new Uint8Array(digest)), same: toHashString(digest) })
})
