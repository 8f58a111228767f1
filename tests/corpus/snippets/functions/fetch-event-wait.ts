const seen: string[] = [];

self.addEventListener("fetch", (event: any) => {
    const { pathname } = new URL(event.request.url);
    event.waitUntil(Promise.resolve().then(() => seen.push(pathname)));
    event.respondWith(new Response(seen.join(" ") || "nobody"));
});
