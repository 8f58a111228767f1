import { fib } from "./_shared/fib";

export default function handle(request) {
    const n = Number(new URL(request.url).searchParams.get("n"));
    if (!Number.isInteger(n) || n > 25) throw new RangeError(`n is ${n}`);
    return new Response(String(fib(n)));
}
