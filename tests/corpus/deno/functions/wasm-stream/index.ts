const ready = WebAssembly.instantiateStreaming(fetch(new URL("sum.wasm", import.meta.url)));

Deno.serve(async () => {
  const { instance } = await ready;
  return new Response(String((instance.exports.add as CallableFunction)(40, 2)));
});
