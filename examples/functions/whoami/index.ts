import { serve } from "../_shared/handler.ts";

// Not public: whoever comes without a valid token gets 401 before this code runs.
serve((_req, { userId, email, payload }) => Response.json({ userId, email, payload }));
