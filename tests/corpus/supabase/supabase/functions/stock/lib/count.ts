import { deadline } from '@std/async'

export const count = (ms: number) => deadline(new Promise<number>((resolve) => setTimeout(resolve, ms, 7)), 100)
