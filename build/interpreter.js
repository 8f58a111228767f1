/**
 * Code that a function makes from strings, with `new Function` and its kin. The engine compiles nothing of the kind; here it is interpreted,
 * with the authority of the function and no more, about a thousand times slower than compiled code.
 *
 * Bundled by itself (see Makefile) to a module that `onetube build` gives to those functions whose bundles call `Function`.
 */

//! Holds sval (copyright Siubaak) and acorn (copyright its contributors), both under the MIT licence.

const load = () => /** @type {typeof import("sval").default} */ (/** @type {unknown} */ (require("sval")));

/**
 * What the body's own "use strict" takes away: a function called without an object has the global one for `this`.
 * @param {Function} made
 */
function sloppy(made) {
    /** @this {unknown} @param {unknown[]} args */
    const anonymous = function (...args) {
        if (new.target) return Reflect.construct(made, args, new.target === anonymous ? made : new.target);
        return Reflect.apply(made, this ?? globalThis, args);
    };
    anonymous.prototype = made.prototype;
    return anonymous;
}

/** Evaluated when code is first made: most requests never need it. */
const newInterpreter = () => {
    const Interpreter = load();
    return new Interpreter({ ecmaVer: "latest", sourceType: "script", sandBox: false });
};

/**
 * @param {string} kind the words before the name
 * @param {string[]} parameters
 * @param {string} body
 */
function interpret(kind, parameters, body) {
    const interpreter = newInterpreter();
    const source = `${kind} anonymous(${parameters.join(",")}\n) {\n${body}\n}`;
    interpreter.run(`exports.made = (${source});`);
    const inner = /** @type {Function} */ (interpreter.exports.made);
    const made = kind === "function" && !/^\s*(["'])use strict\1/.test(body) ? sloppy(inner) : inner;
    Object.defineProperties(made, {
        name: { value: "anonymous", configurable: true },
        length: { value: inner.length, configurable: true },
        toString: { value: () => source, configurable: true, writable: true },
    });
    return made;
}

/**
 * A constructor such as Function, in the place of that of `example`.
 * @param {string} kind
 * @param {Function} example
 */
function replace(kind, example) {
    const native = example.constructor;
    /** @param {unknown[]} args */
    const constructor = function (...args) {
        const texts = args.map(String);
        const body = texts.pop() ?? "";
        // Who compiles nothing wants to know whether it would be compiled (and fast): it is not.
        if (body === "") return Reflect.construct(native, args);
        return interpret(kind, texts, body);
    };
    Object.defineProperties(constructor, {
        name: { value: native.name, configurable: true },
        length: { value: 1, configurable: true },
        prototype: { value: native.prototype, writable: false },
    });
    Object.setPrototypeOf(constructor, Object.getPrototypeOf(native));
    Object.defineProperty(native.prototype, "constructor", { value: constructor, writable: true, configurable: true });
    return constructor;
}

const constructor = replace("function", function () {});
Object.defineProperty(globalThis, "Function", { value: constructor, writable: true, configurable: true });
replace("async function", async function () {});
replace("function*", function* () {});
replace("async function*", async function* () {});

/**
 * In the global scope, wherever it is called. The value is that of an expression; statements have none.
 * @param {unknown} code
 */
function evaluate(code) {
    if (typeof code !== "string") return code;
    const interpreter = newInterpreter();
    try {
        interpreter.run(`exports.made = () => (${code}\n);`);
    } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        return void interpreter.run(code);
    }
    return interpreter.exports.made();
}
Object.defineProperty(globalThis, "eval", { value: evaluate, writable: true, configurable: true });
