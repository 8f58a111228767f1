import { z } from 'zod'

export const Order = z.object({
  item: z.string().min(1),
  quantity: z.number().int().positive().default(1),
})
export type Order = z.infer<typeof Order>
