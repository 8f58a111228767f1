import type { SupabaseClient } from '@supabase/supabase-js'

export async function allBooks(client: SupabaseClient) {
  const { data, count, error } = await client.from('books').select('id, title', { count: 'exact' }).order('id').limit(10)
  if (error) throw error
  return { data, count }
}

export const oneBook = (client: SupabaseClient, id: string) => client.from('books').select().eq('id', id).single()
