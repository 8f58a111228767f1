/** std/http. */

export * from "./cookie.js";
export * from "./server.js";
export * from "./status.js";
