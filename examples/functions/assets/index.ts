import add from "./add.wasm";
import prices from "./prices.json" with { type: "json" };

const { exports } = new WebAssembly.Instance(add);
const sum = exports.add as (a: number, b: number) => number;

/** What the basket `?item=tea&item=cake` costs. */
export default function handler(req: Request): Response {
  const items = new URL(req.url).searchParams.getAll("item");
  const unknown = items.find((item) => !Object.hasOwn(prices, item));
  if (unknown !== undefined) return Response.json({ error: `no such item: ${unknown}` }, { status: 404 });
  const cents = items.map((item) => prices[item as keyof typeof prices]).reduce(sum, 0);
  return Response.json({ items, cents });
}
