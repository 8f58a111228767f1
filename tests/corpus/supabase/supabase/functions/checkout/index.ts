import Stripe from 'npm:stripe@^23.0.0'
import { json } from '../_shared/json.ts'

// What would be sent to Stripe.
const sent = (async (url, init) => {
  const form = new URLSearchParams(String(init?.body))
  if (form.get('customer_email') === 'declined@example.com') {
    return Response.json({ error: { type: 'card_error', code: 'card_declined', message: 'Your card was declined.' } }, { status: 402 })
  }
  const to = new URL(String(url))
  return Response.json({ id: 'cs_1', object: 'checkout.session', url: `https://checkout.example${to.pathname}?${form}` })
}) as typeof fetch

const stripe = new Stripe('sk_test_1', { httpClient: Stripe.createFetchHttpClient(sent), maxNetworkRetries: 0 })

Deno.serve(async (req) => {
  try {
    const { email, quantity } = await req.json()
    const session = await stripe.checkout.sessions.create({
      mode: 'payment',
      customer_email: email,
      line_items: [{ price: 'price_walden', quantity }],
      success_url: 'https://shop.example/thanks',
    })
    return json({ id: session.id, url: session.url })
  } catch (error) {
    if (error instanceof Stripe.errors.StripeCardError) return json({ declined: error.message, code: error.code }, 402)
    throw error
  }
})
