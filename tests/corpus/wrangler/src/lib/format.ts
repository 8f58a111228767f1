import { env } from 'cloudflare:workers'

export const format = (cents: number) => new Intl.NumberFormat('en', { style: 'currency', currency: env.CURRENCY as string }).format(cents / 100)
