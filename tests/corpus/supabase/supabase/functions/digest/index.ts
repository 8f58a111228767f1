import { crypto } from 'https://deno.land/std@0.224.0/crypto/mod.ts'
import { encodeHex } from 'https://deno.land/std@0.224.0/encoding/hex.ts'
import { timingSafeEqual } from 'jsr:@std/crypto@1/timing-safe-equal'
import { assert } from 'https://deno.land/std@0.224.0/assert/mod.ts'

Deno.serve(async (req) => {
  const body = new Uint8Array(await req.arrayBuffer())
  assert(body.length > 0, 'empty body')
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body))
  const again = new Uint8Array(await crypto.subtle.digest('SHA-256', body))
  return Response.json({ sha256: encodeHex(digest), same: timingSafeEqual(digest, again) })
})
