import { format } from '../../../../packages/money/src/format.ts'
import type { Money } from '../../../../packages/money/src/add.ts'

const rates: Record<string, number> = { de: 0.19, ch: 0.081 }

export default {
  async fetch(request: Request): Promise<Response> {
    const { cents }: Money = await request.json()
    const country = new URL(request.url).pathname.split('/')[2] ?? 'de'
    return new Response(format(Math.round(cents * rates[country])))
  },
}
