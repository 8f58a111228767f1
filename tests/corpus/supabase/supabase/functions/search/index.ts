import { serve } from 'std/http/server.ts'
import { STATUS_CODE } from 'std/http/status.ts'
import { z } from 'zod'
import rank from 'ranking'
import { corsHeaders } from 'shared/cors.ts'
import titles from './titles.json' with { type: 'json' }

const Query = z.object({ q: z.string().min(2), limit: z.coerce.number().int().max(50).default(2) })

serve((req: Request) => {
  const query = Query.safeParse(Object.fromEntries(new URL(req.url).searchParams))
  if (!query.success) {
    return Response.json({ error: query.error.issues.map((issue) => `${issue.path}: ${issue.code}`) }, {
      status: STATUS_CODE.BadRequest,
    })
  }
  const words = query.data.q.toLowerCase().split(/\s+/)
  const hits = titles
    .map((title) => ({ title, score: rank(words, title) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.title.localeCompare(b.title))
  return Response.json(hits.slice(0, query.data.limit), { headers: corsHeaders })
})
