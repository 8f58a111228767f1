// The one way most functions of this folder register their handler. Under onetube the registry is there, and the gateway has
// checked who is calling; under plain Deno (`deno run -A hello/index.ts`) the same file serves locally, as a made-up user.

export interface AuthContext {
  userId: string;
  email: string;
  rawToken: string;
  payload: Record<string, unknown>;
}

export interface ServeOptions {
  /** Answer requests without identity. Default: false, they get 401. */
  public?: boolean;
  timeoutMs?: number;
  rpm?: number;
  rateLimitBy?: "identity" | "ip" | "global";
}

type Answer = Response | Promise<Response>;
export type PublicHandler = (req: Request) => Answer;
export type AuthHandler = (req: Request, auth: AuthContext) => Answer;

interface EdgeFunctionRegistry {
  register(handler: PublicHandler | AuthHandler, options: ServeOptions): void;
}

declare global {
  var __edgeFunctionRegistry: EdgeFunctionRegistry | undefined;
}

const LOCAL_USER: AuthContext = { userId: "anon", email: "anon@local", rawToken: "", payload: {} };

export function serve(handler: PublicHandler, options: ServeOptions & { public: true }): void;
export function serve(handler: AuthHandler, options?: ServeOptions): void;
export function serve(handler: PublicHandler | AuthHandler, options: ServeOptions = {}): void {
  const registry = globalThis.__edgeFunctionRegistry;
  if (registry) {
    registry.register(handler, { ...options, public: options.public ?? false });
  } else {
    Deno.serve((req) => handler(req, LOCAL_USER));
  }
}
