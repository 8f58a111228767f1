import { rates } from './index'

export const format = (cents: number, currency: keyof typeof rates | 'EUR' = 'EUR') =>
  `${((cents / 100) * (currency === 'EUR' ? 1 : rates[currency])).toFixed(2)} ${currency}`
