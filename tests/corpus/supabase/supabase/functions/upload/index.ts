import { join } from 'https://deno.land/std@0.224.0/path/mod.ts'

Deno.serve(async (req) => {
  const form = await req.formData()
  const file = form.get('file')
  if (!(file instanceof File)) return new Response('no file', { status: 400 })
  const folder = await Deno.makeTempDir()
  const path = join(folder, '..', 'uploads', file.name)
  await Deno.mkdir('/tmp/uploads', { recursive: true })
  await Deno.writeFile(path, new Uint8Array(await file.arrayBuffer()))
  const { size, isFile } = await Deno.stat(path)
  const text = await Deno.readTextFile(path)
  await Deno.remove(path)
  let after = 'there'
  try {
    await Deno.stat(path)
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) after = 'gone'
  }
  return Response.json({ path, size, isFile, text, type: file.type, after })
})
