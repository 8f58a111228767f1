import { add, rates } from '@acme/money'
import { format } from '@acme/money/format'
import logging from '@acme/logging'

export default {
  async fetch(request: Request) {
    const { searchParams } = new URL(request.url)
    const total = add(...searchParams.getAll('cents').map((cents) => ({ cents: Number(cents) })))
    logging.log('cart', total)
    return Response.json({ total: format(total.cents), rates, lines: logging.count() })
  },
}
