const controller = new AbortController();
const server = Deno.serve({ signal: controller.signal, onListen: ({ port }) => console.log(`port ${port}`), port: 4321 }, async () => {
    // What a test of the team's does after each case.
    return Response.json({ addr: server.addr, finished: typeof server.finished.then, shutdown: typeof server.shutdown });
});
server.ref();
