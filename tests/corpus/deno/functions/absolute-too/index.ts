import { euros } from "file:///lib/money.ts";
import type { FC } from "@hono/hono/jsx";
import "npm:@types/react@19";

const Price: FC<{ cents: number }> = () => null;

export default () => new Response(`${euros(5)} ${typeof Price}`);
