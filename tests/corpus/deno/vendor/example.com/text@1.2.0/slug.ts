import { words } from "./words.js";

export const slug = (text: string): string => words(text).join("-");
