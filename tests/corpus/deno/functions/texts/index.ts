import note from "./note.md" with { type: "text" };
import pixel from "./pixel.bin" with { type: "bytes" };
import config from "./config.json" with { type: "json" };

Deno.serve(async () => {
  const fetched = await fetch(new URL("./note.md", import.meta.url));
  return Response.json([note, pixel.length, config.name, await fetched.text(), fetched.headers.get("content-type")]);
});
