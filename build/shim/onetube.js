/**
 * What every function runs in, as one module of the dist: shim.js, and of its parts what the modules beside it (std/, land/, assets.js)
 * have in common with it. `make` bundles it, so that no build has to.
 */

export { toBytes } from "./bytes.js";
export { notAvailable } from "./deno-errors.js";
export { env } from "./env.js";
export { mediaType } from "./media-types.js";
export { cwd, fromFileUrl, fs } from "./paths.js";
export { serve, startServer } from "./serve.js";
export { cell, OnetubeIsolate } from "./shim.js";
