/** std/testing/asserts: where std/assert was of old. */

export * from "../assert/mod.js";
