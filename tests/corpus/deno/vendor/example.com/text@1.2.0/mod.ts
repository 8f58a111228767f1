export { slug } from "./slug.ts";
export { words } from "/text@1.2.0/words.js";
