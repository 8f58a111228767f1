/** std/assert. */

const { inspect, isDeepStrictEqual } = process.getBuiltinModule("util");

export class AssertionError extends Error {
    name = "AssertionError";
}

/** @typedef {new (...args: any[]) => any} Class */

/** @param {unknown} value @returns {string} */
const show = (value) => inspect(value, { depth: 4 });

/**
 * @param {unknown} holds
 * @param {string | undefined} message the caller's
 * @param {() => string} problem
 */
function check(holds, message, problem) {
    if (!holds) throw new AssertionError(message === undefined ? problem() : `${problem()}: ${message}`);
}

/** @param {unknown} a @param {unknown} b @returns {boolean} */
export const equal = (a, b) => isDeepStrictEqual(a, b);

/** @param {unknown} value @param {string} [message] @returns {asserts value} */
export function assert(value, message = "") {
    if (!value) throw new AssertionError(message);
}

/** @param {unknown} value @param {string} [message] */
export function assertFalse(value, message) {
    check(!value, message, () => `Expected a value that is false, got ${show(value)}`);
}

/** @param {unknown} actual @param {unknown} expected @param {string} [message] */
export function assertEquals(actual, expected, message) {
    check(equal(actual, expected), message, () => `Values are not equal: ${show(actual)} and ${show(expected)}`);
}

/** @param {unknown} actual @param {unknown} expected @param {string} [message] */
export function assertNotEquals(actual, expected, message) {
    check(!equal(actual, expected), message, () => `Values are equal: ${show(actual)}`);
}

/** @param {unknown} actual @param {unknown} expected @param {string} [message] */
export function assertStrictEquals(actual, expected, message) {
    check(Object.is(actual, expected), message, () => `Values are not the same: ${show(actual)} and ${show(expected)}`);
}

/** @param {unknown} actual @param {unknown} expected @param {string} [message] */
export function assertNotStrictEquals(actual, expected, message) {
    check(!Object.is(actual, expected), message, () => `Values are the same: ${show(actual)}`);
}

/** @param {unknown} actual @param {string} [message] */
export function assertExists(actual, message) {
    check(actual !== undefined && actual !== null, message, () => `Expected a value, got ${actual}`);
}

/** @param {unknown} actual @param {Class} type @param {string} [message] */
export function assertInstanceOf(actual, type, message) {
    check(actual instanceof type, message, () => `Expected an instance of ${type.name}, got ${show(actual)}`);
}

/** @param {unknown} actual @param {Class} type @param {string} [message] */
export function assertNotInstanceOf(actual, type, message) {
    check(!(actual instanceof type), message, () => `Expected no instance of ${type.name}, got ${show(actual)}`);
}

/** @param {string} actual @param {string} expected @param {string} [message] */
export function assertStringIncludes(actual, expected, message) {
    check(actual.includes(expected), message, () => `${show(actual)} does not contain ${show(expected)}`);
}

/** @param {ArrayLike<unknown>} actual @param {ArrayLike<unknown>} expected @param {string} [message] */
export function assertArrayIncludes(actual, expected, message) {
    const missing = Array.from(expected).filter((one) => !Array.from(actual).some((other) => equal(one, other)));
    check(missing.length === 0, message, () => `${show(actual)} does not contain ${show(missing)}`);
}

/** @param {string} actual @param {RegExp} expected @param {string} [message] */
export function assertMatch(actual, expected, message) {
    check(expected.test(actual), message, () => `${show(actual)} does not match ${expected}`);
}

/** @param {string} actual @param {RegExp} expected @param {string} [message] */
export function assertNotMatch(actual, expected, message) {
    check(!expected.test(actual), message, () => `${show(actual)} matches ${expected}`);
}

/** Whether all that `expected` has is in `actual`. @param {any} actual @param {any} expected @returns {boolean} */
function contains(actual, expected) {
    const isPlain = expected?.constructor === Object || Array.isArray(expected);
    if (!isPlain || actual === null || typeof actual !== "object") return equal(actual, expected);
    return Reflect.ownKeys(expected).every((key) => contains(actual[key], expected[key]));
}

/** @param {object} actual @param {object} expected @param {string} [message] */
export function assertObjectMatch(actual, expected, message) {
    check(contains(actual, expected), message, () => `${show(actual)} does not match ${show(expected)}`);
}

/** @param {number} actual @param {number} expected @param {number} [tolerance] @param {string} [message] */
export function assertAlmostEquals(actual, expected, tolerance, message) {
    const most = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
    const near = Object.is(actual, expected) || Math.abs(expected - actual) <= most;
    check(near, message, () => `${actual} is not within ${most} of ${expected}`);
}

/** @template T @param {T} actual @param {T} expected @param {string} [message] */
export function assertGreater(actual, expected, message) {
    check(actual > expected, message, () => `${show(actual)} is not greater than ${show(expected)}`);
}

/** @template T @param {T} actual @param {T} expected @param {string} [message] */
export function assertGreaterOrEqual(actual, expected, message) {
    check(actual >= expected, message, () => `${show(actual)} is less than ${show(expected)}`);
}

/** @template T @param {T} actual @param {T} expected @param {string} [message] */
export function assertLess(actual, expected, message) {
    check(actual < expected, message, () => `${show(actual)} is not less than ${show(expected)}`);
}

/** @template T @param {T} actual @param {T} expected @param {string} [message] */
export function assertLessOrEqual(actual, expected, message) {
    check(actual <= expected, message, () => `${show(actual)} is greater than ${show(expected)}`);
}

/** @param {unknown} error @param {Class} [type] @param {string | RegExp} [text] that its message must hold @param {string} [message] */
export function assertIsError(error, type = Error, text, message) {
    check(error instanceof Error, message, () => `Expected an error, got ${show(error)}`);
    assertInstanceOf(error, type, message);
    const said = /** @type {Error} */ (error).message;
    if (text instanceof RegExp) assertMatch(said, text, message);
    else if (text !== undefined) assertStringIncludes(said, text, message);
}

/**
 * The arguments behind the function: (message), or (class, text, message).
 * @param {unknown} error @param {any[]} rest
 */
function checkThrown(error, [type, text, message]) {
    if (typeof type === "function") assertIsError(error, type, text, message);
}

/** @param {any[]} rest */
const messageOf = (rest) => (typeof rest[0] === "function" ? rest[2] : rest[0]);

/** @param {() => unknown} action @param {any[]} rest @returns {any} what was thrown */
export function assertThrows(action, ...rest) {
    try {
        action();
    } catch (error) {
        checkThrown(error, rest);
        return error;
    }
    return check(false, messageOf(rest), () => "Expected the function to throw");
}

/** @param {() => PromiseLike<unknown>} action @param {any[]} rest @returns {Promise<any>} what it was rejected with */
export async function assertRejects(action, ...rest) {
    /** @type {PromiseLike<unknown> | undefined} */
    let promise;
    try {
        promise = action();
        await promise;
    } catch (error) {
        check(promise !== undefined, messageOf(rest), () => "The function threw where it should have rejected");
        checkThrown(error, rest);
        return error;
    }
    check(false, messageOf(rest), () => "Expected the function to reject");
}

export { assertRejects as assertThrowsAsync };

/** @param {string} [message] @returns {never} */
export function fail(message) {
    throw new AssertionError(message === undefined ? "Failed assertion." : `Failed assertion: ${message}`);
}

/** @param {string} [reason] @returns {never} */
export function unreachable(reason) {
    throw new AssertionError(reason ?? "Unreachable.");
}

/** @param {string} [message] @returns {never} */
export function unimplemented(message) {
    throw new AssertionError(message === undefined ? "Unimplemented." : `Unimplemented: ${message}`);
}
