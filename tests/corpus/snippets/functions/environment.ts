const region = Deno.env.get("REGION");
if (!Deno.env.has("REGION")) throw new Error("REGION is not set");
Deno.env.set("STAGE", `${region}-test`);
const before = Deno.env.toObject();
Deno.env.delete("STAGE");

Deno.serve(() =>
    Response.json({
        region,
        stage: before.STAGE,
        now: Deno.env.get("STAGE") ?? null,
        node: process.env.REGION,
        hidden: ["HOME", "PATH", "USER", "PWD"].filter((name) => Deno.env.has(name)),
        keys: Object.keys(before).sort(),
    })
);
