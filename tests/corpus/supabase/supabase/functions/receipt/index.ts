Deno.serve(async (req) => {
  const name = new URL(req.url).searchParams.get('name') ?? 'nobody'
  const template = await Deno.readTextFile(new URL('./templates/receipt.html', import.meta.url))
  const logo = await Deno.readFile('./_shared/assets/logo.svg')
  return new Response(template.replace('{{name}}', name), {
    headers: { 'content-type': 'text/html', 'x-logo-bytes': String(logo.byteLength), 'x-read-from': import.meta.dirname! },
  })
})
