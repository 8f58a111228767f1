import { DummyDriver, type Generated, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from "https://deno.land/x/kysely@0.28.18/mod.ts";

interface Database {
  books: { id: Generated<number>; title: string; price: number };
}

const db = new Kysely<Database>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

Deno.serve(async (request) => {
  const cheapest = Number(new URL(request.url).searchParams.get("from"));
  const query = db.selectFrom("books").select(["id", sql<string>`upper(title)`.as("title")]).where("price", ">", cheapest).orderBy("id").limit(5);
  const { sql: text, parameters } = query.compile();
  return Response.json({ text, parameters, rows: await query.execute() });
});
