import { delay } from 'https://deno.land/std@0.224.0/async/delay.ts'

const queue: number[] = []
let flushed = 0
// Runs as long as the isolate lives.
setInterval(() => {
  flushed += queue.splice(0).reduce((sum, value) => sum + value, 0)
}, 15)

export const handler = async (req: Request): Promise<Response> => {
  const value = Number(new URL(req.url).searchParams.get('add') ?? 0)
  if (value) queue.push(value)
  await delay(1)
  return Response.json({ flushed })
}

if (import.meta.main) Deno.serve(handler)
