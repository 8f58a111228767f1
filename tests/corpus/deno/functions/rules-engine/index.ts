// Rules that the shop's staff writes, and a schema that becomes code.
import Ajv from "npm:ajv@8";

const validate = new Ajv().compile({
    type: "object",
    properties: { rule: { type: "string", minLength: 1 }, order: { type: "object" } },
    required: ["rule", "order"],
    additionalProperties: false,
});
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

Deno.serve(async (request) => {
    const body = await request.json();
    if (!validate(body)) return Response.json(validate.errors?.map(({ message }) => message), { status: 400 });
    try {
        const rule = new Function("order", `return (${body.rule});`);
        const later = new AsyncFunction("order", `await null; for (const line of order.lines) if (line > 2) return line; return -1;`);
        return Response.json({
            result: rule(body.order),
            large: await later(body.order),
            same: [rule instanceof Function, rule.constructor === Function, rule.name, rule.length],
            sum: eval("1 + " + body.order.lines.length),
            global: Function("return this")() === globalThis,
            made: new (Function("x", "this.x = x"))(3).x,
        });
    } catch (error) {
        return Response.json([error.name, error.message], { status: 422 });
    }
});
