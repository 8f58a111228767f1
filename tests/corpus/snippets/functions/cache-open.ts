const cache = await caches.open("pages");

Deno.serve(async (request) => {
    const key = new Request(request.url, { headers: request.headers });
    const kept = await cache.match(key);
    if (kept) return new Response(kept.body, { headers: { "x-cache": "hit", etag: kept.headers.get("etag")! } });
    if (request.method === "DELETE") return Response.json(await cache.delete(request.url));
    const fresh = new Response(`page ${crypto.randomUUID().length}`, { headers: { etag: '"1"' } });
    await cache.put(key, fresh.clone());
    return fresh;
});
