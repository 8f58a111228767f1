import { euros } from "file:///lib/money.ts";
import { slug } from "https://example.com/text@1.2.0/mod.ts";

Deno.serve(() => new Response(`${slug("To Pay")} ${euros(1)}`));
