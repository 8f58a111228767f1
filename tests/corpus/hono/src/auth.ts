import { createMiddleware } from 'hono/factory'
import { jwtVerify, SignJWT } from 'jose'

const key = new TextEncoder().encode(process.env.JWT_SECRET)

export const issue = (user: string) =>
  new SignJWT({ scope: 'orders' }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setSubject(user).setIssuedAt(1700000000).sign(key)

export const authenticated = createMiddleware<{ Variables: { user: string } }>(async (c, next) => {
  const token = c.req.header('authorization')?.split(' ')[1]
  try {
    const { payload } = await jwtVerify(token ?? '', key)
    c.set('user', payload.sub!)
  } catch {
    return c.json({ error: 'unauthorized' }, 401)
  }
  await next()
})
