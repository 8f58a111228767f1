// Everything that a global scope may not do where it is evaluated ahead.
const id = crypto.randomUUID();
const random = Math.random();
const bytes = crypto.getRandomValues(new Uint8Array(8));
const table = await fetch("data:application/json,[1,2,3]").then((response) => response.json());
let ticks = 0;
const timer = setInterval(() => ticks++, 5);

Deno.serve(async () => {
    while (ticks < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    clearInterval(timer);
    return Response.json([id.length, random < 1, bytes.length, table, ticks >= 2, performance.now() > 0]);
});
