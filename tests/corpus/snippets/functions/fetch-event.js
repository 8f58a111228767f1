// A service worker, as they were written before modules.
addEventListener("fetch", (event) => {
    event.respondWith(handleRequest(event.request));
});

async function handleRequest(request) {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/old")) return Response.redirect("https://shop.example/new", 301);
    return new Response("Hello worker!", { headers: { "content-type": "text/plain" } });
}
