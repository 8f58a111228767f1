import { serve } from 'https://deno.land/std@0.177.0/http/server.ts'
import { Bot, InlineKeyboard, webhookCallback } from 'npm:grammy@1'

const calls: string[] = []
const bot = new Bot('2:token', { botInfo: { id: 2, is_bot: true, first_name: 'Help', username: 'help_bot' } as any })
bot.api.config.use(async (_prev, method, payload: any) => {
  calls.push(`${method} ${payload.chat_id ?? payload.callback_query_id} ${payload.reply_markup ? JSON.stringify(payload.reply_markup) : payload.text ?? ''}`.trim())
  return { ok: true, result: true as any }
})
bot.on('message', (ctx) => ctx.reply('Which order?', { reply_markup: new InlineKeyboard().text('Last', 'last').text('Older', 'older') }))
bot.callbackQuery(/^(last|older)$/, (ctx) => ctx.answerCallbackQuery({ text: `ok: ${ctx.match[1]}` }))

await bot.init()

serve(async (req) => {
  try {
    await webhookCallback(bot, 'std/http', { secretToken: 's3cret' })(req)
    return Response.json(calls.splice(0))
  } catch (err) {
    console.error(err)
    return new Response('failed', { status: 500 })
  }
})
