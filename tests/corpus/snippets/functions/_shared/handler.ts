// A wrapper of the team's own, that its platform knows.
type Handler = (request: Request, auth?: { userId: string }) => Response | Promise<Response>;

export function serve(handler: Handler, options: { public?: boolean; timeoutMs?: number } = {}) {
    const registry = (globalThis as any).__edgeFunctionRegistry;
    if (registry) return registry.register(handler, options);
    Deno.serve((request) => handler(request));
}
