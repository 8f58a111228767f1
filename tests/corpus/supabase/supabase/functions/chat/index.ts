import OpenAI from 'npm:openai@^6'

// The model's answer, as its server would stream it.
const model: typeof fetch = async (_url, init) => {
  const { messages, stream } = JSON.parse(String(init?.body))
  const words = `You asked: ${messages.at(-1).content}`.split(/(?<= )/)
  if (!stream) return Response.json({ id: 'c1', object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: words.join('') } }] })
  const encoder = new TextEncoder()
  const body = new ReadableStream({
    async start(controller) {
      for (const content of words) {
        controller.enqueue(encoder.encode(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`))
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      controller.enqueue(encoder.encode('data: [DONE]\n\n'))
      controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

Deno.serve(async (req) => {
  const { query, stream = true } = await req.json()
  const openai = new OpenAI({ apiKey: Deno.env.get('OPENAI_API_KEY') ?? 'sk-none', fetch: model })
  if (!stream) {
    const completion = await openai.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: query }] })
    return new Response(completion.choices[0].message.content, { headers: { 'Content-Type': 'text/plain' } })
  }
  const chunks = await openai.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: query }], stream: true })
  const { readable, writable } = new TransformStream()
  const writer = writable.getWriter()
  EdgeRuntime.waitUntil((async () => {
    for await (const chunk of chunks) await writer.write(new TextEncoder().encode(`data: ${chunk.choices[0].delta.content}\n\n`))
    await writer.close()
  })())
  return new Response(readable, { headers: { 'Content-Type': 'text/event-stream' } })
})
