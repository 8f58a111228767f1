#!/usr/bin/env deno
import { serve as run, type Options } from "../_shared/handler.ts";
import type { A } from "./types.ts";
const re = /[/"]\/(?:`)/g, q = 4 / 2 / 1;
const html = `<p>${cond ? `a${b}` : "}"}</p>`;
await run((req: Request): Response => new Response(html), { "public": true, timeoutMs: 5, } as Options);
Deno.serve<Deno.NetAddr>({ port: 1 }, handler);
