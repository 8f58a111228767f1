import * as auth from '../_shared/auth'
import { createClient } from 'npm:@supabase/supabase-js@2.109.0'

const client = createClient('https://acme.supabase.example', 'key', {
  global: { fetch: async (input, init) => Response.json({ at: new URL(String(input)).pathname, sent: JSON.parse(String(init?.body ?? 'null')) }) },
})

Deno.serve(auth.required(async (request, user) => {
  const { data } = await client.rpc('orders_of', { user })
  const { data: invoked } = await client.functions.invoke('mail', { body: { to: user } })
  return Response.json({ data, invoked })
}))
