/** The npm package @deno/shim-deno: it imitates on Node what is here for real. Packages made from Deno modules import it. */

export const Deno = globalThis.Deno;
export const test = Deno.test;
