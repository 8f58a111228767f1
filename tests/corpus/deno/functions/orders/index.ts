import { slug } from "text/mod.ts";
import { join } from "@std/path";
import rules from "rules";

const orders: Record<string, string[]> = {};

Deno.serve(async (request) => {
  const { customer, item } = await request.json();
  const key = slug(customer);
  const list = (orders[key] ??= []);
  if (list.length === rules.most) return new Response("enough", { status: 429 });
  list.push(slug(item));
  return Response.json({ path: join("orders", key, "..", key, `${list.length}`), list });
});
