import * as jose from 'jsr:@panva/jose@5'
import { decodeBase64, encodeBase64 } from 'jsr:@std/encoding@1/base64'

const secret = decodeBase64('c2Vzc2lvbi1zZWNyZXQtb2YtMzItYnl0ZXMtbG9uZy0hIQ==')

Deno.serve({ port: 8080, onListen: ({ hostname, port }) => console.log(`sessions on ${hostname}:${port}`) }, async (req) => {
  const header = req.headers.get('authorization')
  if (!header) {
    const jwt = await new jose.SignJWT({ role: 'buyer' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('ann')
      .setIssuedAt(1700000000)
      .sign(secret)
    return new Response(jwt)
  }
  try {
    const { payload } = await jose.jwtVerify(header.replace('Bearer ', ''), secret, { algorithms: ['HS256'] })
    return Response.json({ payload, secret: encodeBase64(secret).length })
  } catch (error) {
    return Response.json({ error: error instanceof jose.errors.JOSEError ? error.code : 'other' }, { status: 401 })
  }
})
