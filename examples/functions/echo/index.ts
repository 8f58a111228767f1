import { serve } from "../_shared/handler.ts";

async function readBody(req: Request): Promise<unknown> {
  const text = await req.text();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

serve(
  async (req) => {
    const url = new URL(req.url);
    return Response.json({
      method: req.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(req.headers),
      body: await readBody(req),
    });
  },
  { public: true },
);
