// Answers at once and counts afterwards.
let written = 0
const log: string[] = []

async function write(event: string) {
  await new Promise((resolve) => setTimeout(resolve, 30))
  log.push(event)
  written++
}

addEventListener('beforeunload', () => console.log('going'))

Deno.serve(async (req) => {
  if (req.method === 'GET') return Response.json({ written, log })
  const { event } = await req.json()
  EdgeRuntime.waitUntil(write(event))
  return new Response(null, { status: 202 })
})
