const session = new Supabase.ai.Session("gte-small");

const attempts: Record<string, () => unknown> = {
    command: () => new Deno.Command("ls").output(),
    listen: () => Deno.listen({ port: 80 }),
    dlopen: () => Deno.dlopen("./libc.so", {}),
    model: () => session.run("text"),
    kv: () => Deno.openKv(),
};

Deno.serve(async (request) => {
    const what = new URL(request.url).pathname.split("/").pop()!;
    try {
        await attempts[what]();
        return new Response("done");
    } catch (error) {
        return new Response((error as Error).message, { status: 501 });
    }
});
