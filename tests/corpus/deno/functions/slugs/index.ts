import { words } from "https://example.com/text@1.2.0/mod.ts";
import rules from "rules";

export default async function slugs(request: Request) {
  return Response.json(words(await request.text()).slice(0, rules.most));
}
