import { createClient } from '@supabase/supabase-js'
import { allBooks, oneBook } from '@/lib/query.ts'
import { json } from '../_shared/json.ts'
import { fakeRest } from '../_shared/postgrest.ts'

const BOOK = new URLPattern({ pathname: '/books/:id' })

Deno.serve(async (req) => {
  const client = createClient(Deno.env.get('SUPABASE_URL')!, 'anon', { global: { fetch: fakeRest } })
  const match = BOOK.exec(req.url)
  if (!match) return json(await allBooks(client))
  const { data, error } = await oneBook(client, match.pathname.groups.id!)
  if (error) return json({ code: error.code, message: error.message }, 404)
  return json({ ...data, cover: client.storage.from('covers').getPublicUrl(`${data.id}.png`).data.publicUrl })
})
