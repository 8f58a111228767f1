let handled = 0

Deno.serve(async () => {
  handled++
  const started = await new Promise<number>((resolve) => setTimeout(() => resolve(handled), 2))
  return Response.json({ started })
})
