import { add } from '../../../../packages/money/src/index.ts'
import { format } from '../../../../packages/money/src/format'
import { log } from '../../../../packages/logging'

Deno.serve(async (request) => {
  const cents: number[] = await request.json()
  const total = add(...cents.map((one) => ({ cents: one })))
  log('quote', total)
  return new Response(format(total.cents, 'USD'))
})
