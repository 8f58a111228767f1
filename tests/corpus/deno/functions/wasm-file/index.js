const bytes = await Deno.readFile(new URL("./sum.wasm", import.meta.url));
const { instance, module } = await WebAssembly.instantiate(bytes, {});

Deno.serve(() =>
  Response.json({
    sum: instance.exports.add(20, 22),
    exports: WebAssembly.Module.exports(module).map(({ name }) => name),
    again: new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.add(1, 2),
  })
);
