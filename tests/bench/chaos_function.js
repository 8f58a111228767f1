// A function that answers at once, and misbehaves when its path says so.
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const kept = [];
const actions = {
    throw: () => { throw new Error("as asked"); },
    exit: () => process.exit(1),
    buffers: () => { for (;;) kept.push(new Uint8Array(1 << 20).fill(1)); },
    objects: () => { for (;;) kept.push({ x: [kept.length, String(kept.length)] }); },
    loop: () => { for (;;); },
    flood: async () => { for (;;) { for (let i = 0; i < 1000; i++) console.log("x".repeat(100)); await sleep(1); } },
    never: () => new Promise(() => {}),
    stream: () => new Response(new ReadableStream({ async pull(c) { await sleep(1); c.enqueue(new Uint8Array(1000)); } })),
};

export default {
    fetch(request) {
        const action = new URL(request.url).pathname.split("/")[2];
        return Object.hasOwn(actions, action) ? actions[action]() : new Response("fine");
    },
};
