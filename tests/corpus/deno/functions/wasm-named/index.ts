import { add } from "./sum.wasm";

Deno.serve((request) => {
  const { searchParams } = new URL(request.url);
  return new Response(String(add(Number(searchParams.get("a")), Number(searchParams.get("b")))));
});
