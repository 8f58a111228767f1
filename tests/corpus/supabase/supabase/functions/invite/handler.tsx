import { renderToStaticMarkup } from 'react-dom/server'
import { Mail } from './mail.tsx'

Deno.serve(async (req) => {
  const form = await req.formData()
  const html = renderToStaticMarkup(<Mail guest={String(form.get('guest'))} until='Monday' />)
  return new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8' } })
})
