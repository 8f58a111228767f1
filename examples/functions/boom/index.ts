import { serve } from "../_shared/handler.ts";

// Fails on purpose, so that the breaker has something to do. The text is this function's own answer: that of an uncaught exception
// would go to the log only.
serve(() => Response.json({ error: "boom" }, { status: 500 }), { public: true });
