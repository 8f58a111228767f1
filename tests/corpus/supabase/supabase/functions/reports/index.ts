import postgres from 'https://deno.land/x/postgresjs@v3.4.9/mod.js'
import { fakePostgres } from '../_shared/fake_postgres.ts'

// One pool for all requests.
const server = fakePostgres((query) => (query.includes('failing') ? null : [{ name: 'sum', value: String(query.length) }]))
const sql = postgres('postgres://app:secret@db.internal:6432/shop', {
  max: 1,
  fetch_types: false,
  prepare: false,
  onnotice() {},
  socket: server.connect,
} as never)

Deno.serve(async (req) => {
  const since = new URL(req.url).searchParams.get('since') ?? '2024-01-01'
  try {
    const rows = req.url.includes('failing') ? await sql`select failing()` : await sql`select sum(cents) from orders where day > ${since}`
    return Response.json({ rows, connections: server.connections(), host: sql.options.host })
  } catch (error) {
    return Response.json({ code: (error as { code: string }).code }, { status: 422 })
  }
})
