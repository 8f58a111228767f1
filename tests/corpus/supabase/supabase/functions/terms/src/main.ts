const here = import.meta.dirname
const pages = new Map<string, string>()
for (const entry of Deno.readDirSync(new URL('../pages', import.meta.url))) {
  pages.set(entry.name.replace('.txt', ''), Deno.readTextFileSync(`${here}/../pages/${entry.name}`))
}

Deno.serve((req) => {
  const language = req.headers.get('accept-language')?.slice(0, 2) ?? 'en'
  const text = pages.get(language)
  if (!text) return new Response(`only ${[...pages.keys()].sort().join(', ')}`, { status: 406 })
  return new Response(text)
})
