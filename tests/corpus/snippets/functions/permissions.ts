const { state } = await Deno.permissions.query({ name: "net" });
const asked = Deno.permissions.requestSync({ name: "env" });

Deno.serve(() => Response.json({ net: state, env: asked.state, args: Deno.args.length, version: typeof Deno.version.v8, inspect: Deno.inspect(new Map([[1, null]])), memory: Object.keys(Deno.memoryUsage()).includes("heapTotal"), cwd: Deno.cwd() }));
