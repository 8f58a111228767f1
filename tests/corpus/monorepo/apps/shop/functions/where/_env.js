export const env = (name) => Deno.env.get(name) ?? process.env[name] ?? ''
