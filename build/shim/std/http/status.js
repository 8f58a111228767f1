/** std/http/status. */

/** Node's, with another wording of two. @type {Record<number, string>} */
const TEXTS = { ...process.getBuiltinModule("http").STATUS_CODES, 413: "Content Too Large", 418: "I'm a teapot" };

/** Where the constant's name is not the text in other letters. @type {Record<number, string>} */
const NAMES = { 203: "NonAuthoritativeInfo", 407: "ProxyAuthRequired", 418: "Teapot" };

/** Of old. */
const OLD_NAMES = { RequestEntityTooLarge: 413, RequestURITooLong: 414, RequestedRangeNotSatisfiable: 416 };

/** @param {string} text "Not Found" */
const pascal = (text) => text.replace(/(^| |-)([A-Za-z])/g, (_all, _space, letter) => letter.toUpperCase()).replace("'", "");

/** @type {Record<string, number>} */
export const STATUS_CODE = { ...OLD_NAMES };
for (const [code, text] of Object.entries(TEXTS)) STATUS_CODE[NAMES[Number(code)] ?? pascal(text)] = Number(code);

/** Of old: `Status.NotFound`. */
export const Status = STATUS_CODE;
export const STATUS_TEXT = TEXTS;

/** @param {number} low @param {number} high */
const within = (low, high) => (/** @type {number} */ status) => status >= low && status < high && status in TEXTS;

export const isStatus = within(100, 600);
export const isInformationalStatus = within(100, 200);
export const isSuccessfulStatus = within(200, 300);
export const isRedirectStatus = within(300, 400);
export const isClientErrorStatus = within(400, 500);
export const isServerErrorStatus = within(500, 600);
export const isErrorStatus = within(400, 600);
