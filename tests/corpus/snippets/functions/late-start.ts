// Registers its handler when its settings have come.
async function settings(): Promise<{ greeting: string }> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { greeting: "ready" };
}

async function main() {
    const { greeting } = await settings();
    Deno.serve(() => new Response(greeting));
}

main();
