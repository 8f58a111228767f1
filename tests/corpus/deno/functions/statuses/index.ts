import { Status, STATUS_TEXT } from "https://deno.land/std@0.168.0/http/http_status.ts";
import { config } from "https://deno.land/x/dotenv@v3.2.2/mod.ts";
import { delay } from "jsr:@std/async@1/delay";
import { assertStrictEquals } from "https://deno.land/std@0.200.0/assert/assert_strict_equals.ts";
import * as base64 from "https://deno.land/std@0.200.0/encoding/base64.ts";

const { NOTHING } = config();

Deno.serve(async () => {
  await delay(1);
  assertStrictEquals(NOTHING, undefined);
  return new Response(`${STATUS_TEXT[Status.Teapot]} ${base64.encode("tea")}`, { status: Status.Teapot });
});
