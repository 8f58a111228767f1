import { Bot, webhookCallback } from 'https://deno.land/x/grammy@v1.46.0/mod.ts'
import { sentBy } from './sent.ts'

const bot = new Bot(Deno.env.get('TELEGRAM_BOT_TOKEN') || '1:token', {
  botInfo: { id: 1, is_bot: true, first_name: 'Shop', username: 'shop_bot', can_join_groups: true } as never,
})
const sent = sentBy(bot)
bot.command('start', (ctx) => ctx.reply('Welcome! Up and running.'))
bot.command('ping', (ctx) => ctx.reply(`Pong! ${ctx.match}`.trim()))
bot.on('message:text', (ctx) => ctx.reply(`You said: ${ctx.msg.text}`, { parse_mode: 'HTML' }))

const handleUpdate = webhookCallback(bot, 'std/http')

Deno.serve(async (req) => {
  const url = new URL(req.url)
  if (url.searchParams.get('secret') !== 'let-me-in') return new Response('not allowed', { status: 405 })
  const answer = await handleUpdate(req)
  return Response.json({ status: answer.status, sent: sent.splice(0) })
})
