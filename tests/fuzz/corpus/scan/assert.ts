const a = <any>b; const f = <T>(x: T) => x;
if (a) { module.exports.default = f } else addEventListener("fetch", f)
export { f as default, type A } from "./x";
globalThis.__edgeFunctionRegistry?.register(f, { ...o, public: true });
