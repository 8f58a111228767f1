// Settings that a library reads from the environment at the time of its call.
Deno.env.set("MODE", "strict");

const readMode = () => process.env.MODE ?? "none";

Deno.serve((request) => {
    if (request.method === "DELETE") Deno.env.delete("MODE");
    else if (request.method === "PUT") process.env.MODE = "lax";
    return Response.json([readMode(), Deno.env.has("MODE"), Deno.env.toObject().MODE ?? null, "MODE" in process.env]);
});
