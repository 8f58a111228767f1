// Files by paths that are put together: constants, templates, node:path, createRequire.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path, { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const { title } = require("./texts/titles.json");
const layout = readFileSync(path.join(here, "parts", "layout.html"), "utf8");

Deno.serve(async (request) => {
  const name = new URL(request.url).pathname.split("/").pop();
  try {
    const page = await Deno.readTextFile(`${import.meta.dirname}/texts/${name}.html`);
    return new Response(layout.replace("TITLE", title).replace("PAGE", () => page.trim()));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Response("no such page", { status: 404 });
    throw error;
  }
});
