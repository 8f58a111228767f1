import '@supabase/functions-js/edge-runtime.d.ts'
import { createClient } from '@supabase/supabase-js'
import { corsHeaders } from '../_shared/cors.ts'
import { fakeRest } from '../_shared/postgrest.ts'

Deno.serve(async (req: Request) => {
  if (req.method === 'OPTIONS') return new Response('ok', { headers: corsHeaders })

  const client = createClient(Deno.env.get('SUPABASE_URL') ?? '', Deno.env.get('SUPABASE_ANON_KEY') ?? '', {
    global: { headers: { Authorization: req.headers.get('Authorization')! }, fetch: fakeRest },
    auth: { persistSession: false },
  })
  const token = req.headers.get('Authorization')!.replace('Bearer ', '')
  const { data: { user }, error } = await client.auth.getUser(token)
  if (error) return Response.json({ error: error.message }, { status: 403, headers: corsHeaders })
  return Response.json({ user: user!.email }, { headers: corsHeaders })
})
