let count = 0;

Deno.serve(() => {
    count++;
    try {
        Deno.exit(1);
    } catch (error) {
        return Response.json({ count, message: (error as Error).message });
    }
});
