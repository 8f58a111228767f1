import { here } from "./lib/here.ts";

const local = import.meta.resolve("./lib/here.ts");

Deno.serve(() =>
  Response.json({
    url: import.meta.url,
    filename: import.meta.filename,
    dirname: import.meta.dirname,
    main: import.meta.main,
    local,
    here,
  })
);
