import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import tools from "./tools.cjs";

const __filename = fileURLToPath(import.meta.url);
const __dirname = dirname(__filename);
const require = createRequire(import.meta.url);
const { EventEmitter } = require("events");

Deno.serve(() => Response.json({ dir: __dirname, ...tools.describe("x"), emitter: typeof new EventEmitter().on, main: import.meta.main }));
