import Stripe from 'stripe'
import OpenAI from 'openai'

const stripe = new Stripe('sk_test_2', {
  httpClient: Stripe.createFetchHttpClient(async (input, init) => {
    const { pathname, search } = new URL(String(input))
    return Response.json({ object: 'list', has_more: false, data: [{ id: 'ch_1', object: 'charge', description: `${init?.method} ${pathname}${search}` }] })
  }),
})
const openai = new OpenAI({
  apiKey: 'sk',
  fetch: async (_url, init) => {
    const { text } = JSON.parse(String(init?.body))
    return Response.json({ id: 'r1', object: 'response', output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: JSON.stringify({ fraud: false, format: text.format.type }) }] }] })
  },
})

export default async function handler(request: Request) {
  const { data } = await stripe.charges.list({ limit: 1 })
  const answer = await openai.responses.create({
    model: 'gpt-4o-mini',
    input: data[0].description!,
    text: { format: { type: 'json_object' } },
  })
  return Response.json({ charge: data[0], checked: JSON.parse(answer.output_text) })
}
