import { Hono } from "@hono/hono";
import type { FC } from "@hono/hono/jsx";
import { euros } from "#lib/money.ts";

const Layout: FC<{ title: string }> = ({ title, children }) => (
  <html>
    <head>
      <title>{title}</title>
    </head>
    <body>{children}</body>
  </html>
);

const app = new Hono();

app.get("/page/:item", (c) =>
  c.html(
    <Layout title="Price">
      <p class="price">{c.req.param("item")}: {euros(250)}</p>
    </Layout>,
  ));

Deno.serve({ port: 8000 }, app.fetch);
