/** What programs import from deno.land/x/dotenv: as in std/dotenv, but nothing is awaited. */

export { loadSync as config, parse, stringify } from "./std/dotenv/mod.js";
