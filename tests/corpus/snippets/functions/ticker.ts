export default async function (request: Request): Promise<Response> {
    const count = Math.min(Number(new URL(request.url).searchParams.get("n") ?? 3), 10);
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            controller.enqueue(new TextEncoder().encode(`id: ${at}\n\n`));
            if (++at === count) controller.close();
        },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
}
