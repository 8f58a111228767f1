import Fastify from "npm:fastify@5";

const app = Fastify();
const order = { type: "object", properties: { item: { type: "string" }, count: { type: "integer", minimum: 1 } }, required: ["item"] };

app.get("/api/orders/:id(^\\d+$)", (request) => ({ id: Number(request.params.id) }));
app.get("/api/files/*", (request, reply) => reply.header("x-path", request.params["*"]).type("text/plain").send("a file"));
app.post("/api/orders", { schema: { body: order, response: { 201: { type: "object", properties: { item: { type: "string" }, count: { type: "integer" } } } } } }, (request, reply) =>
    reply.code(201).send({ ...request.body, secret: "not in the schema" }),
);

await app.listen({ port: 3000 });
