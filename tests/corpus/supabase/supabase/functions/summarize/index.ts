import { serve } from 'https://deno.land/std@0.168.0/http/server.ts'
import 'https://deno.land/x/xhr@0.2.1/mod.ts'
import OpenAI from 'openai'

serve(async (req) => {
  const openai = new OpenAI({
    apiKey: 'sk-1',
    maxRetries: 0,
    fetch: async () => Response.json({ error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } }, { status: 429 }),
  })
  try {
    await openai.embeddings.create({ model: 'text-embedding-3-small', input: await req.text() })
    return new Response('done')
  } catch (error) {
    if (error instanceof OpenAI.RateLimitError) return Response.json({ code: error.code, status: error.status }, { status: 429 })
    throw error
  }
})
