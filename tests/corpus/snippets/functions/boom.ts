class OrderError extends Error {
    override name = "OrderError";
}

function price(item: string): number {
    throw new OrderError(`no price for ${item}`, { cause: new Error("table is empty") });
}

Deno.serve((request) => {
    const what = new URL(request.url).searchParams.get("what");
    if (what === "string") throw "just text";
    if (what === "nothing") return undefined as unknown as Response;
    if (what === "rejected") return Promise.reject(new TypeError("secret of the house"));
    if (what === "later") {
        setTimeout(() => {
            throw new Error("nobody waits");
        });
        return new Response("fine");
    }
    return new Response(String(price("tea")));
});
