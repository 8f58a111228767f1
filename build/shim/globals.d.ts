// What the engine has beyond the web platform, as far as the shim uses it.

interface ExecutionContext {
    waitUntil(promise: Promise<unknown>): void;
    passThroughOnException(): void;
}

interface ObjectNamespace {
    idFromName(name: string): unknown;
    get(id: unknown): { fetch(request: Request): Promise<Response> };
}

interface ObjectState {
    waitUntil(promise: Promise<unknown>): void;
}

declare module "cloudflare:workers" {
    export const env: Record<string, unknown>;
    export function waitUntil(promise: Promise<unknown>): void;
}

interface Request {
    readonly cf?: { clientIp?: string };
}

interface Response {
    readonly webSocket: WebSocket | null;
}

interface ResponseInit {
    webSocket?: WebSocket;
}

interface WebSocket {
    accept(): void;
}

declare var WebSocketPair: { new (): { 0: WebSocket; 1: WebSocket } };

declare var process:
    | { env: Record<string, string>; arch: string; cwd(): string; versions: { v8: string } }
    | undefined;
