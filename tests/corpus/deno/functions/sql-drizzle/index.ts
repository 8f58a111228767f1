import { and, desc, eq, gt } from "npm:drizzle-orm@^0.45";
import { integer, pgTable, serial, text } from "npm:drizzle-orm@^0.45/pg-core";
import { drizzle } from "npm:drizzle-orm@^0.45/pg-proxy";

const books = pgTable("books", {
  id: serial("id").primaryKey(),
  title: text("title").notNull(),
  price: integer("price"),
});

const asked: string[] = [];
const db = drizzle(async (query, parameters) => {
  asked.push(`${query} ${JSON.stringify(parameters)}`);
  return { rows: [[1, "Emma", 900]] };
});

Deno.serve(async () => {
  const rows = await db.select().from(books).where(and(eq(books.title, "Emma"), gt(books.price, 5))).orderBy(desc(books.id));
  const insert = db.insert(books).values({ title: "Emma" }).returning({ id: books.id }).toSQL();
  return Response.json({ rows, asked: asked.splice(0), insert: insert.sql });
});
