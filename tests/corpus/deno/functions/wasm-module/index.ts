import * as wasm from "./sum.wasm";

export default () => Response.json({ add: typeof wasm.add, sum: wasm.add(2 ** 31 - 1, 1) });
