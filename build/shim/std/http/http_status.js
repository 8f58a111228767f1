/** std/http/http_status: where std/http/status was of old. */

export * from "./status.js";
