import { assert, assertEquals } from "@std/assert";
import { load } from "@std/dotenv";
import "@std/dotenv/load";

const loaders = {
  upper: () => import("./plugins/upper.ts"),
  reverse: () => import("./plugins/reverse.ts"),
} as Record<string, () => Promise<{ default: (text: string) => string }>>;

const env = await load({ export: false });
assertEquals(typeof env, "object");

Deno.serve(async (request) => {
  const [, , name, text] = new URL(request.url).pathname.split("/");
  assert(name in loaders, `no plugin ${name}`);
  const { default: apply } = await loaders[name]();
  return new Response(apply(text));
});
