import subject from "./subject.txt" with { type: "text" };
import stamp from "./stamp.dat" with { type: "bytes" };
import { encodeBase64 } from "@std/encoding/base64";

const footer = await (await fetch(`file://${import.meta.dirname}/footer.html`)).text();

Deno.serve(() => Response.json({ subject: subject.trim(), stamp: encodeBase64(stamp), footer: footer.trim() }));
