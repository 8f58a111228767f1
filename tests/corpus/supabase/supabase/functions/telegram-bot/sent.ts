import type { Bot } from 'https://deno.land/x/grammy@v1.46.0/mod.ts'

/** Nothing leaves: what the bot would send is kept. */
export function sentBy(bot: Bot) {
  const sent: unknown[] = []
  bot.api.config.use((_next, method, payload) => {
    sent.push({ method, ...payload })
    return Promise.resolve({ ok: true, result: { message_id: 1 } as never })
  })
  return sent
}
