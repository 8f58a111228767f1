import { serve } from "../_shared/handler.ts";
import { clampedParam } from "../_shared/http.ts";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function* ticks(n: number, gap: number): AsyncGenerator<string> {
  for (let i = 0; i < n; i++) {
    if (i > 0) await sleep(gap);
    yield JSON.stringify({ i, ts: Date.now() }) + "\n";
  }
}

serve(
  (req) => {
    const url = new URL(req.url);
    const n = clampedParam(url, "n", 5, 1, 50);
    const gap = clampedParam(url, "gap", 50, 0, 500);
    const body = ReadableStream.from(ticks(n, gap)).pipeThrough(new TextEncoderStream());
    return new Response(body, {
      headers: {
        "content-type": "application/x-ndjson",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      },
    });
  },
  { public: true },
);
