// Writes a dist of COUNT functions of SIZE bytes each, for benchmarks: node make_dist.mjs DIR COUNT SIZE
// Each bundle is a worker that answers at once, filled up with code that V8 has to scan.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";

const [dir, count, size] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const functions = [];

mkdirSync(`${dir}/functions`, { recursive: true });
for (let i = 0; i < count; i++) {
    const name = `fn${String(i).padStart(4, "0")}`;
    const parts = [`export default { fetch() { return new Response("${name}"); } };\n`];
    let length = parts[0].length;
    for (let k = 0; length < size - 120; k++) {
        const line = `export function filler${i}_${k}(a, b) { return a * ${k} + b.length; } // ${"x".repeat(k % 40)}\n`;
        parts.push(line);
        length += line.length;
    }
    parts.push("/" + "/".repeat(size - length - 2) + "\n");
    const bundle = Buffer.from(parts.join(""));
    writeFileSync(`${dir}/functions/${name}.js`, bundle);
    functions.push({
        name,
        bundleFile: `functions/${name}.js`,
        bundleBytes: bundle.length,
        bundleSha256: createHash("sha256").update(bundle).digest("hex"),
        config: { public: true },
    });
}
writeFileSync(`${dir}/manifest.json`, JSON.stringify({
    schema: 1,
    builder: { onetube: "0.1.0", esbuild: "0.28.2", options: { minify: false, sourcemap: "none", target: "es2024", splitting: true } },
    engine: { name: "workerd", compatibilityDate: "2025-09-15", compatibilityFlags: ["nodejs_compat"] },
    env: [],
    functions,
    files: [],
}, null, 2) + "\n");
