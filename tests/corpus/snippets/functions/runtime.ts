const started = Deno.build.os;

Deno.serve({
    port: 0,
    onListen() {},
    onError: (error) => new Response(`sorry: ${(error as Error).message}`, { status: 503 }),
    handler: (request) => {
        const what = new URL(request.url).pathname.split("/")[2];
        if (what === "fail") throw new Deno.errors.NotFound("no such thing");
        if (what === "exit") Deno.exit(2);
        const { heapUsed, rss } = Deno.memoryUsage();
        return Response.json({
            os: started,
            deno: /^\d+\.\d+\.\d+$/.test(Deno.version.deno),
            agent: navigator.userAgent.startsWith("Deno/"),
            args: Deno.args,
            cwd: Deno.cwd(),
            inspect: Deno.inspect({ a: [1, true] }),
            memory: heapUsed >= 0 && rss >= 0,
            error: new Deno.errors.PermissionDenied("x") instanceof Error,
            arch: ["x86_64", "aarch64"].includes(Deno.build.arch),
        });
    },
});
