/** std/http/cookie: cookies in headers (RFC 6265). */

// RFC 6265, 4.1.1: cookie-name is a token, cookie-value has no controls, blanks, quotes, commas, semicolons or backslashes.
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const ATTRIBUTE = /^[\x20-\x3a\x3c-\x7e]*$/;

/**
 * @typedef {{ name: string, value: string, expires?: Date | number, maxAge?: number, domain?: string, path?: string, secure?: boolean,
 *     httpOnly?: boolean, partitioned?: boolean, sameSite?: "Strict" | "Lax" | "None", unparsed?: string[] }} Cookie
 */

/** @param {Headers} headers of a request @returns {Record<string, string>} */
export function getCookies(headers) {
    /** @type {Record<string, string>} */
    const cookies = {};
    for (const pair of headers.get("cookie")?.split(";") ?? []) {
        const [name, ...value] = pair.split("=");
        if (name.trim() !== "") cookies[name.trim()] = value.join("=").trim();
    }
    return cookies;
}

/** @param {Cookie} cookie @returns {string} */
function format(cookie) {
    if (!NAME.test(cookie.name)) throw new SyntaxError(`Invalid cookie name: "${cookie.name}"`);
    if (!VALUE.test(cookie.value)) throw new SyntaxError(`Invalid cookie value of "${cookie.name}"`);
    for (const text of [cookie.domain, cookie.path, ...(cookie.unparsed ?? [])]) {
        if (text !== undefined && !ATTRIBUTE.test(text)) throw new SyntaxError(`Invalid cookie attribute: "${text}"`);
    }
    const isHost = cookie.name.startsWith("__Host-");
    const parts = [`${cookie.name}=${cookie.value}`];
    if (cookie.secure || isHost || cookie.name.startsWith("__Secure-")) parts.push("Secure");
    if (cookie.httpOnly) parts.push("HttpOnly");
    if (cookie.partitioned) parts.push("Partitioned");
    if (Number.isInteger(cookie.maxAge)) parts.push(`Max-Age=${cookie.maxAge}`);
    if (cookie.domain && !isHost) parts.push(`Domain=${cookie.domain}`);
    if (cookie.sameSite) parts.push(`SameSite=${cookie.sameSite}`);
    if (isHost) parts.push("Path=/");
    else if (cookie.path) parts.push(`Path=${cookie.path}`);
    if (cookie.expires !== undefined) parts.push(`Expires=${new Date(cookie.expires).toUTCString()}`);
    return [...parts, ...(cookie.unparsed ?? [])].join("; ");
}

/** @param {Headers} headers of a response @param {Cookie} cookie */
export function setCookie(headers, cookie) {
    headers.append("set-cookie", format(cookie));
}

/** @param {Headers} headers of a response @param {string} name @param {Partial<Cookie>} [attributes] */
export function deleteCookie(headers, name, attributes) {
    setCookie(headers, { ...attributes, name, value: "", expires: new Date(0) });
}

/** @param {string} text of a Set-Cookie header @returns {Cookie | null} */
function parse(text) {
    const [pair, ...attributes] = text.split(";").map((part) => part.trim());
    const [name, ...value] = pair.split("=");
    if (!NAME.test(name) || value.length === 0) return null;
    /** @type {any} */
    const cookie = { name, value: value.join("=") };
    for (const attribute of attributes) {
        const [key, ...rest] = attribute.split("=");
        const data = rest.join("=");
        switch (key.toLowerCase()) {
            case "expires": cookie.expires = new Date(data); break;
            case "max-age": cookie.maxAge = Number(data); break;
            case "domain": cookie.domain = data; break;
            case "path": cookie.path = data; break;
            case "secure": cookie.secure = true; break;
            case "httponly": cookie.httpOnly = true; break;
            case "partitioned": cookie.partitioned = true; break;
            case "samesite": cookie.sameSite = data; break;
            default: (cookie.unparsed ??= []).push(attribute);
        }
    }
    return cookie;
}

/** @param {Headers} headers of a response @returns {Cookie[]} */
export const getSetCookies = (headers) => headers.getSetCookie().map(parse).filter((cookie) => cookie !== null);
