import { createClient } from 'https://esm.sh/@supabase/supabase-js@2'
import { fakeRest } from '../_shared/postgrest.ts'

const admin = createClient(Deno.env.get('SUPABASE_URL')!, Deno.env.get('SUPABASE_SERVICE_ROLE_KEY')!, {
  global: { fetch: fakeRest },
})

Deno.serve({
  async handler(req) {
    const { title, price } = await req.json()
    const { data, error, status } = await admin.from('books').upsert({ title, price }, { onConflict: 'title' }).select('id')
    return Response.json({ data, error, status })
  },
})
