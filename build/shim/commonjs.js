/** `require` for what the build could not resolve: a name that is computed, or `eval("require")`. Node's own modules are all there is. */

/** @param {unknown} name */
function find(name) {
    const found = process.getBuiltinModule(String(name));
    if (found) return found;
    const why = "it was not bundled, and the engine has no such module";
    throw Object.assign(new Error(`Cannot find module '${name}': ${why}`), { code: "MODULE_NOT_FOUND" });
}

export const require = Object.assign((/** @type {unknown} */ name) => find(name), {
    cache: {},
    resolve: (/** @type {unknown} */ name) => (find(name), String(name)),
});
