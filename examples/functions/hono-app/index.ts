import { Hono } from "npm:hono@^4";
import { cors } from "npm:hono@^4/cors";

const app = new Hono().basePath("/hono-app");

app.use(cors());
app.get("/", (c) => c.text("hello from Hono"));
app.get("/greet/:name", (c) => c.json({ greeting: `hello, ${c.req.param("name")}` }));
app.post("/sum", async (c) => {
  const numbers = await c.req.json<number[]>();
  return c.json({ sum: numbers.reduce((a, b) => a + b, 0) });
});

export default app;
