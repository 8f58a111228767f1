/** std/dotenv. A function has no .env file; what it would hold is in its environment. */

import { env } from "../../env.js";

/** @returns {Record<string, string>} */
export const loadSync = () => env.toObject();
export const load = async () => loadSync();
export { load as config, loadSync as configSync };

/** @param {string} text @returns {Record<string, string>} */
export const parse = (text) => process.getBuiltinModule("util").parseEnv(text);

/** @param {Record<string, unknown>} values */
export const stringify = (values) =>
    Object.entries(values)
        .map(([name, value]) => `${name}=${/^[\w./:-]*$/.test(String(value)) ? value : JSON.stringify(String(value))}`)
        .join("\n");
