/** std/http. */

export * from "./server.js";
export * from "./status.js";
