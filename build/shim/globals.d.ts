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
    export class DurableObject {}
    export const env: Record<string, unknown>;
    export function waitUntil(promise: Promise<unknown>): void;
}

declare module "node:async_hooks" {
    export class AsyncLocalStorage<T> {
        run<A extends unknown[], R>(store: T, callback: (...args: A) => R, ...args: A): R;
        getStore(): T | undefined;
    }
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

declare module "cloudflare:sockets" {
    export function connect(
        address: { hostname: string; port: number },
        options: { secureTransport: "on" | "off" | "starttls"; allowHalfOpen: boolean },
    ): EngineSocket;
}

interface EngineSocket {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
    readonly opened: Promise<unknown>;
    readonly closed: Promise<unknown>;
    close(): Promise<void>;
    startTls(): EngineSocket;
}

declare var process: {
    env: Record<string, string>;
    arch: string;
    stdout: { write(text: string): void };
    stderr: { write(text: string): void };
    versions: { v8: string };
    memoryUsage(): object;
    chdir(path: string): void;
    getBuiltinModule(name: string): any;
};

declare var Buffer: {
    from(buffer: ArrayBufferLike, offset: number, length: number): { toString(encoding: string): string };
};

declare class URLPattern {
    constructor(pattern: { pathname: string });
    exec(url: { pathname: string }): { pathname: { groups: Record<string, string | undefined> } } | null;
}

/** esbuild's: a module of the shim that is evaluated only when this is reached. */
declare function require<Path extends "./deno.js" | "sval">(path: Path): Path extends "sval" ? typeof import("sval") : typeof import("./deno.js");

declare var Deno: Record<string, any>;

/** Of the shim's files that are CommonJS. */
declare var module: { exports: unknown };
