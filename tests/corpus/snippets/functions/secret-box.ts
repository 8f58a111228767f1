// A text that is encrypted and decrypted as many snippets do it, without saying how it is encoded.
import { createCipheriv, createDecipheriv } from "node:crypto";
import path from "path";

const key = Buffer.alloc(32, 7);
const iv = Buffer.alloc(16, 1);

Deno.serve((request) => {
    const text = new URL(request.url).searchParams.get("text") ?? "";
    const cipher = createCipheriv("aes-256-cbc", key, iv);
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    const decipher = createDecipheriv("aes-256-cbc", key, iv);
    const opened = Buffer.concat([decipher.update(sealed), decipher.final()]).toString();
    return Response.json({ opened, bytes: sealed.length, where: [path.resolve("keys/a.pem"), process.cwd()] });
});
