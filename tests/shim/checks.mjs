// Many small checks in one function: each is an expression that the function evaluates when it is asked for it.

import assert from "node:assert/strict";
import { send } from "./harness.mjs";

/**
 * @typedef {[expression: string, wants: unknown]} Check A RegExp is for the error, `name: message`; everything else is the value as
 *     JSON has it, `undefined` for none.
 */

/**
 * A case whose function evaluates the checks.
 * @param {string} name
 * @param {Check[]} checks
 * @param {Partial<import("./harness.mjs").Case> & { imports?: string }} [more]
 */
export function caseOf(name, checks, { imports = "", ...more } = {}) {
    const calls = checks.map(([expression]) => `async () => (${expression})`).join(",\n");
    const source = `${imports}
        const bytes = (text) => new TextEncoder().encode(text);
        const text = (data) => new TextDecoder().decode(data);
        const calls = [${calls}];
        Deno.serve(async (request) => {
            try {
                return Response.json({ value: await calls[Number(new URL(request.url).pathname.slice(1))]() });
            } catch (error) {
                return Response.json({ error: error.name + ": " + error.message });
            }
        });`;
    return { name, source, public: true, ...more };
}

/**
 * @param {import("./harness.mjs").Report} report
 * @param {string} name of the case
 * @param {Check[]} checks
 */
export async function runChecks(report, engine, name, checks) {
    for (const [index, [expression, wants]] of checks.entries()) {
        await report.test(`${name}: ${expression.replace(/\s+/g, " ")}`, async () => {
            const { json, text } = await send(engine.port(name), { path: `/${index}` });
            assert.ok(json, text);
            if (wants instanceof RegExp) assert.match(String(json.error), wants);
            else assert.deepEqual(json, wants === undefined ? {} : { value: wants });
        });
    }
}
