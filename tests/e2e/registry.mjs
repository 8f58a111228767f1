// A registry for npm on this machine: serves the packages that lie in the folder given, one folder each, whatever its name.
// Prints the port, and ends with standard input.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const folder = process.argv[2];
const packages = new Map();
for (const name of readdirSync(folder).sort()) {
    const manifest = JSON.parse(readFileSync(join(folder, name, "package.json")));
    const archive = execFileSync("tar", ["-czf", "-", "--transform", "s,^\\./,package/,", "-C", join(folder, name), "."]);
    const file = `/${name}.tgz`;
    const versions = packages.get(manifest.name) ?? {};
    versions[manifest.version] = { manifest, archive, file };
    packages.set(manifest.name, versions);
}

function document(name, versions, base) {
    const all = Object.entries(versions).map(([version, { manifest, archive, file }]) => [
        version,
        { ...manifest, dist: { tarball: base + file, integrity: "sha512-" + createHash("sha512").update(archive).digest("base64") } },
    ]);
    return { name, "dist-tags": { latest: all.at(-1)[0] }, versions: Object.fromEntries(all) };
}

const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url);
    const versions = packages.get(path.slice(1));
    const archive = [...packages.values()].flatMap(Object.values).find(({ file }) => file === path)?.archive;
    if (versions) response.end(JSON.stringify(document(path.slice(1), versions, `http://127.0.0.1:${server.address().port}`)));
    else if (archive) response.end(archive);
    else response.writeHead(404).end("{}");
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
