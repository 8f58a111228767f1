#include "tests/unit/unit.h"

#include "build/scan.h"

#include <string.h>

/*
 * A source, its sites as "kind line:column flags" (T: runs for certain, P: public), one after the
 * other, and what it imports: the relative specifiers and, as "+", that it imports a package.
 */
struct snippet {
    const char *text, *sites, *imports;
};

static void describe(const struct ot_scan *scan, struct ot_buf *sites, struct ot_buf *imports)
{
    static const char *const kinds[] = {"deno", "serve", "default", "listener", "other"};

    ot_buf_puts(sites, "");
    ot_buf_puts(imports, "");
    for (size_t i = 0; i < scan->count; i++) {
        const struct ot_handler_site *site = &scan->sites[i];

        ot_buf_printf(sites, "%s%s %u:%u%s%s%s", i > 0 ? ", " : "", kinds[site->kind], site->line,
                      site->column, site->top_level || site->is_public ? " " : "",
                      site->top_level ? "T" : "", site->is_public ? "P" : "");
    }
    for (size_t i = 0; i < scan->relative.count; i++)
        ot_buf_printf(imports, "%s%s", i > 0 ? " " : "", scan->relative.items[i]);
    if (scan->imports_package)
        ot_buf_puts(imports, imports->len > 0 ? " +" : "+");
}

static void check_snippet(const struct snippet *snippet)
{
    OT_AUTOBUF struct ot_buf sites = {0};
    OT_AUTOBUF struct ot_buf imports = {0};
    struct ot_scan scan;

    ot_scan(ot_span_of(snippet->text), &scan);
    describe(&scan, &sites, &imports);
    ot_scan_free(&scan);
    if (strcmp(sites.data, snippet->sites) != 0)
        fail_msg("%s\n  sites:    %s\n  expected: %s", snippet->text, sites.data, snippet->sites);
    if (strcmp(imports.data, snippet->imports) != 0)
        fail_msg("%s\n  imports:  %s\n  expected: %s", snippet->text, imports.data,
                 snippet->imports);
}

static void check_all(const struct snippet *snippets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_snippet(&snippets[i]);
}

static void deno_serve(void **state)
{
    static const struct snippet snippets[] = {
        {"Deno.serve(h);", "deno 1:1 T", ""},
        {"Deno.serve(app.fetch)", "deno 1:1 T", ""},
        {"\n  await Deno.serve({ port: 1 }, h);", "deno 2:9 T", ""},
        {"const s = Deno.serve(h);", "deno 1:11 T", ""},
        {"export const s = Deno.serve(h)", "deno 1:18 T", ""},
        {"const { finished } = Deno.serve({ handler: h })", "deno 1:22 T", ""},
        {"void Deno . serve (h)", "deno 1:6 T", ""},
        {"Deno.serve<Deno.NetAddr>({ port: 0 }, h)", "deno 1:1 T", ""},
        {"Deno.serve<A<B>, { c: D }>(h)", "deno 1:1 T", ""},
        {"globalThis.Deno.serve(h)", "deno 1:12 T", ""},
        {"Deno.serve(a)\nDeno.serve(b)", "deno 1:1 T, deno 2:1 T", ""},
        {"#!/usr/bin/env -S deno run\nDeno.serve(h)", "deno 2:1 T", ""},
        {"\xef\xbb\xbf"
         "Deno.serve(h)",
         "deno 1:4 T", ""},
        {"// \xc3\xa9\r\n/* \xc3\xa9 */ Deno.serve(h)", "deno 2:10 T", ""},
        {"a\rDeno.serve(h)", "deno 2:1 T", ""},
        {"'use strict'\xe2\x80\xa8"
         "Deno.serve(h)",
         "deno 2:1 T", ""},
        {"\xc2\xa0\xe3\x80\x80"
         "Deno.serve(h)",
         "deno 1:6 T", ""},
        /* it may run, or not now */
        {"function main() { Deno.serve(h); }", "deno 1:19", ""},
        {"const f = () => Deno.serve(h)", "deno 1:17", ""},
        {"const f = async (a: A): B =>\n  Deno.serve(h)", "deno 2:3", ""},
        {"if (import.meta.main) Deno.serve(h)", "deno 1:23", ""},
        {"if (a) {\n} else\n  Deno.serve(h)", "deno 3:3", ""},
        {"if (a) { b() }\nDeno.serve(h)", "deno 2:1 T", ""},
        {"if (a) b()\nDeno.serve(h)", "deno 2:1 T", ""},
        {"if (a)\n  Deno.serve(h)", "deno 2:3", ""},
        {"a && Deno.serve(h)", "deno 1:6", ""},
        {"a ? Deno.serve(h) : Deno.serve(i)", "deno 1:5, deno 1:21", ""},
        {"a ?\?= Deno.serve(h)", "deno 1:7", ""},
        {"for (const a of b) Deno.serve(h)", "deno 1:20", ""},
        {"do Deno.serve(h)\nwhile (a)", "deno 1:4", ""},
        {"class A { static s = Deno.serve(h) }", "deno 1:22", ""},
        {"{ Deno.serve(h) }", "deno 1:3", ""},
        {"(() => { Deno.serve(h) })()", "deno 1:10", ""},
        {"`${Deno.serve(h)}`", "deno 1:4", ""},
        {"Deno?.serve(h)", "deno 1:1", ""},
        {"Deno.serve?.(h)", "deno 1:1", ""},
        {"const f = () => {}\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const f = a || b;Deno.serve(h)", "deno 1:18 T", ""},
        {"type A = B extends C ? D : E\nDeno.serve(h)", "deno 2:1 T", ""},
        {"interface A { b?: C }\nDeno.serve(h)", "deno 2:1 T", ""},
        /* something that may */
        {"const { serve } = Deno; serve(h)", "other 1:19 T", ""},
        {"const d = Deno\nd.serve(h)", "other 1:11 T", ""},
        {"globalThis['Deno'].serve(h)", "other 1:12", ""},
        {"(globalThis as any).Deno.serve(h)", "other 1:21 T", ""},
        {"Deno.serve.call(null, h)", "other 1:1 T", ""},
        {"[Deno.serve][0](h)", "other 1:2", ""},
        {"Deno['serve'](h)", "other 1:1 T", ""},
        {"app.listen(8000)", "other 1:5 T", ""},
        {"const l = Deno.listen({ port: 1 })", "other 1:16 T", ""},
        {"Deno.serveHttp(c)", "other 1:1 T", ""},
        /* harmless */
        {"Deno.env.get('A')", "", ""},
        {"typeof Deno !== 'undefined'", "", ""},
        {"if (typeof Deno.serve === 'function') {}", "", ""},
        {"const h: Deno.ServeHandler = f", "", ""},
        {"a.listen; listen(1); b.addEventListener('fetch', f)", "", ""},
        {"deno.serve(h)", "", ""},
    };

    (void)state;
    check_all(snippets, OT_COUNT(snippets));
}

static void fakes(void **state)
{
    static const struct snippet snippets[] = {
        {"// Deno.serve(h)", "", ""},
        {"/* Deno.serve(h)\n export default h */", "", ""},
        {"/** @example\n * ```ts\n * Deno.serve(h)\n * ``` */", "", ""},
        {"'Deno.serve(h)'", "", ""},
        {"\"\\\"; Deno.serve(h); \\\"\"", "", ""},
        {"'a\\\nDeno.serve(h)'", "", ""},
        {"'a\\\r\nDeno.serve(h)'", "", ""},
        {"`Deno.serve(h)\nexport default h`", "", ""},
        {"`\\`Deno.serve(h)\\${Deno.serve(h)}`", "", ""},
        {"`${`${'`'} Deno.serve(a)`} Deno.serve(b)`", "", ""},
        {"`$${a}$ Deno.serve(b)`", "", ""},
        {"tag`a${{ b: `c` }}Deno.serve(h)`", "", ""},
        {"/Deno.serve(h)/.test(a)", "", ""},
        {"a = /[/]Deno.serve(h)/g", "", ""},
        {"a = /\\/Deno.serve(h)/", "", ""},
        {"return /Deno.serve(h)/", "", ""},
        {"if (a) /Deno.serve(h)/.exec(b)", "", ""},
        {"for await (const a of b) /Deno.serve(h)/.exec(a)", "", ""},
        {"x = a / Deno.serve(h) / 2", "deno 1:9 T", ""},
        {"x = a++ / Deno.serve(h) / 2", "deno 1:11 T", ""},
        {"x = (a) / Deno.serve(h) / 2", "deno 1:11 T", ""},
        {"x = a[0] / Deno.serve(h) / 2", "deno 1:12 T", ""},
        {"x = a! / Deno.serve(h) / 2", "deno 1:10 T", ""},
        {"x = {} / Deno.serve(h) / 2", "deno 1:10 T", ""},
        {"x = a.return / Deno.serve(h) / 2", "deno 1:16 T", ""},
        {"x = `a` / Deno.serve(h) / 2", "deno 1:11 T", ""},
        {"x = 1e3 / Deno.serve(h) / 2", "deno 1:11 T", ""},
        {"function f() {}\n/Deno.serve(h)/.test(a)", "", ""},
        {"const f = () => {}\n/Deno.serve(h)/.test(a)", "", ""},
        {"x = y ? /Deno.serve(h)/ : !/'/.test(a)\nDeno.serve(h)", "deno 2:1 T", ""},
        {"s.replace(/>/g, '&gt;').replace(/\"/g, '&quot;');\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const o = { Deno: { serve(h) {} } }", "other 1:13", ""},
        {"x.export.default = 1; x.module.exports = 1", "", ""},
        {"declare module 'x' { export default h }", "", ""},
        {"const a = 0x1e+1, b = .5e-3, c = 1_0n, d = 1..toFixed();\nDeno.serve(h)", "deno 2:1 T",
         ""},
        {"class A { #serve = 1; static { this.#serve /= 2 } }\nDeno.serve(h)", "deno 2:1 T", ""},
        {"let \\u0061b = 1, \\u{61}c = 2\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const a = x?.5:1, b = x?.y\nDeno.serve(h)", "deno 2:1 T", ""},
        /* TypeScript */
        {"@Controller({ path: '/' })\nclass A { @Get() b<T>(c: T): void { d<E>(f) } "
         "}\nDeno.serve(h)",
         "deno 3:1 T", ""},
        {"const a = <any>b, f = <T>(x: T) => x;\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const a = <A>{ b: 'c' };\nDeno.serve(h)", "deno 2:1 T", ""},
        {"let f: <T>(x: T) => T\nDeno.serve(h)", "deno 2:1 T", ""},
        {"interface A { <T>(x: T): `a${string}` }\nDeno.serve(h)", "deno 2:1 T", ""},
        {"function f(): { a: 1 } { return { a: 1 } }\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const m: Map<string, Map<string, A>> = new Map();\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const a = b satisfies C as D\nDeno.serve(h)", "deno 2:1 T", ""},
        {"abstract class A<T> extends B<T> { abstract c(): void }\nDeno.serve(h)", "deno 2:1 T",
         ""},
        {"const s = '</b>', a = <b>c;\nDeno.serve(h)", "deno 2:1 T", ""},
        /* JSX */
        {"const a = <p>don't Deno.serve(h)</p>;\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const a = <A b={c / 2} d='Deno.serve(h)' {...e} f-g:h/>\nDeno.serve(h)", "deno 2:1 T",
         ""},
        {"const a = <A b=<C d='\"'/> e=<i>it's</i> />\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const a = <><A.B>{c && <br />} it's</A.B></>\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const a = <p>\n{/* it's */}{b.map((c) => <li "
         "key={c}>{`a${c}`}</li>)}\n</p>\nDeno.serve(h)",
         "deno 4:1 T", ""},
        {"const f = <T,>(a: T) => <p>'{a}</p>\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const f = <T extends U>(a: T) => <p>'{a}</p>\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const f = <const T,>(a: T) => <p>'{a}</p>\nDeno.serve(h)", "deno 2:1 T", ""},
        {"app.get('/', (c) => c.html(<P t=\"a\n'b\"><b>x</b></P>))\nDeno.serve(app.fetch)",
         "deno 3:1 T", ""},
        {"const a = b < c, d = e > f\nDeno.serve(h)", "deno 2:1 T", ""},
        {"const a = <p>{Deno.serve(h)}</p>", "deno 1:15", ""},
        /* nothing is claimed of what cannot be read for certain */
        {"const a = 'b\nDeno.serve(h)", "deno 2:1", "+"},
        {")\nDeno.serve(h)", "deno 2:1", "+"},
        {"Deno.serve(h)\n}", "deno 1:1", "+"},
        {"Deno.serve(h\n", "deno 1:1", "+"},
        {"Deno.serve(h)\n`a", "deno 1:1", "+"},
        {"Deno.serve(h) /* a", "deno 1:1", "+"},
        {"a = /b\nDeno.serve(h)", "deno 2:1", "+"},
        {"<p>it's", "", "+"},
        {"const a = <p>it's</q>\nDeno.serve(h)", "deno 2:1", "+"},
    };

    (void)state;
    check_all(snippets, OT_COUNT(snippets));
}

static void serve_calls(void **state)
{
    static const struct snippet snippets[] = {
        {"import { serve } from '../_shared/handler.ts';\nserve(h, { public: true });",
         "serve 2:1 TP", "../_shared/handler.ts"},
        {"import { serve as run } from './h.ts'\nawait run(h)", "serve 2:7 T", "./h.ts"},
        {"import { serve } from './h.ts'\nvoid serve(h)", "serve 2:6 T", "./h.ts"},
        {"import serve from './h.ts'\nserve(h)", "serve 2:1 T", "./h.ts"},
        {"import { handle as serve } from './h.ts'\nserve(h)", "serve 2:1 T", "./h.ts"},
        {"import { 'serve' as run } from './h.ts'\nrun(h)", "serve 2:1 T", "./h.ts"},
        {"serve(h)\nimport a, { serve } from 'x'", "serve 1:1 T", "+"},
        {"import { serve } from 'https://deno.land/std@0.168.0/http/server.ts'\n\nserve(async "
         "(req) => {\n})",
         "serve 3:1 T", "+"},
        {"import { serve } from './h.ts'\nserve<A>(h)", "serve 2:1 T", "./h.ts"},
        {"import { serve } from './h.ts'\nconst s = serve(h)", "serve 2:11", "./h.ts"},
        {"import { serve } from 'inngest'\nexport default serve({})", "default 2:1 T, serve 2:16",
         "+"},
        {"import { serve } from 'inngest'\nDeno.serve(serve({}))", "deno 2:1 T, serve 2:12", "+"},
        {"import { serve } from './h.ts'\nfunction f() { serve(h) }", "serve 2:16", "./h.ts"},
        {"import { serve } from './h.ts'\nconst o = { serve(a) { } }; a.serve(h)", "", "./h.ts"},
        {"import { serve } from './h.ts'\nfoo(serve)", "", "./h.ts"},
        {"import { type serve } from './h.ts'\nserve(h)", "", ""},
        {"import type { serve } from './h.ts'\nserve(h)", "", ""},
        {"import { run } from './h.ts'\nserve(h)", "", "./h.ts"},
        {"function serve(a) {}\nserve(h)", "", ""},
        {"globalThis.__edgeFunctionRegistry.register(h, { public: true })", "other 1:12 TP", ""},
        {"globalThis.__edgeFunctionRegistry?.register(h, { public: true })", "other 1:12 TP", ""},
        {"const r = globalThis['__edgeFunctionRegistry']", "other 1:22", ""},
    };

    (void)state;
    check_all(snippets, OT_COUNT(snippets));
}

/* What follows `serve(`: whether it makes the function public. */
static void public_option(void **state)
{
    static const struct {
        const char *arguments;
        bool is_public;
    } cases[] = {
        {"h, { public: true })", true},
        {"h, { public: true, })", true},
        {"h, { public: true },)", true},
        {"h, { timeoutMs: 5, \"public\": true, rateLimit: { rpm: 1, by: 'ip' } })", true},
        {"async (a) => { return { b: [1, (2)] } }, { 'public': true })", true},
        {"h, { public: true } as Options)", true},
        {"h, { public: true } as const)", true},
        {"h, { public: true } satisfies A.Options)", true},
        {"h, { ...rest, public: true })", true},
        {"h, { public: false, public: true })", true},
        {"h, { a: b < c, d: e > f, public: true })", true},
        {"h, { a: `${'}'}`, b: /}/, public: true })", true},
        {"h, /* } */ { // public: false\n public: true })", true},
        {"h, { get a() { return 1 }, async *b() {}, public: true })", true},
        {"h)", false},
        {"h, {})", false},
        {"h, { public: false })", false},
        {"h, { public: !true })", false},
        {"h, { public: true && x })", false},
        {"h, { public: true as boolean })", false},
        {"h, { public: trueish })", false},
        {"h, { public: 'true' })", false},
        {"h, { public })", false},
        {"h, { public() { return true } })", false},
        {"h, { get public() { return true } })", false},
        {"h, { public: true, ...rest })", false},
        {"h, { public: true, [key]: 1 })", false},
        {"h, { public: true, public: false })", false},
        {"h, { public: true, get public() { return false } })", false},
        {"h, { public: true, '\\u0070ublic': false })", false},
        {"h, { public: true, \\u0070ublic: false })", false},
        {"h, { options: { public: true } })", false},
        {"h, [{ public: true }])", false},
        {"h, f({ public: true }))", false},
        {"h, x || { public: true })", false},
        {"h, { public: true } && x)", false},
        {"h, { public: true }.x)", false},
        {"h, '{ public: true }')", false},
        {"h, /* { public: true } */)", false},
        {"h, options /* public: true */)", false},
        {"{ public: true })", false},
        {"{ public: true }, h)", false},
        {"(a) => ({ public: true }))", false},
        {"h, { 'not public': true })", false},
        {"h, { public: true }", false},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *text =
            ot_asprintf("import { serve } from './h.ts'\nserve(%s", cases[i].arguments);
        struct ot_scan scan;

        ot_scan(ot_span_of(text), &scan);
        assert_int_equal(scan.count, 1);
        if (scan.sites[0].is_public != cases[i].is_public)
            fail_msg("%s", cases[i].arguments);
        ot_scan_free(&scan);
    }
}

static void exports(void **state)
{
    static const struct snippet snippets[] = {
        {"export default { fetch(r) { return x } }", "default 1:1 T", ""},
        {"export default app", "default 1:1 T", ""},
        {"const a = 1\nexport  default\nasync function (r) {}", "default 2:1 T", ""},
        {"export default class {}", "default 1:1 T", ""},
        {"export default abstract class A {}", "default 1:1 T", ""},
        {"export default (r) => x", "default 1:1 T", ""},
        {"export default <T,>(r: T) => x", "default 1:1 T", ""},
        {"export default { fetch } satisfies Deno.ServeDefaultExport", "default 1:1 T", ""},
        {"if (a) {}\nexport default h", "default 2:1 T", ""},
        {"export default interface A { b: C }", "", ""},
        {"export default type A = B", "", ""},
        {"export default type", "default 1:1 T", ""},
        {"export default function f(a: A): B;\nexport default function f(a: any) {}",
         "default 1:1 T", ""},
        {"export { h as default }", "default 1:1 T", ""},
        {"export { a, h as default, b }", "default 1:1 T", ""},
        {"export { h as 'default' }", "default 1:1 T", ""},
        {"export { default } from './h.ts'", "default 1:1 T", "./h.ts"},
        {"export * as default from './h.ts'", "default 1:1 T", "./h.ts"},
        {"export { default as h } from './h.ts'", "", "./h.ts"},
        {"export { h as defaults }", "", ""},
        {"export type { h as default } from './h.ts'", "", ""},
        {"export { type h as default } from './h.ts'", "", ""},
        {"export { type a, h as default }", "default 1:1 T", ""},
        {"export { a, type h as default }", "", ""},
        {"export { type as default }", "default 1:1 T", ""},
        {"export const d = 1, defaults = 2", "", ""},
        {"export = h", "default 1:1 T", ""},
        {"module.exports = h", "default 1:1 T", ""},
        {"module.exports = h; module.exports.default = h", "default 1:1 T", ""},
        {"exports.default = h", "default 1:1 T", ""},
        {"if (a) module.exports = h\nmodule.exports = i", "default 1:8 T", ""},
        {"if (a) { exports.default = h }", "default 1:10", ""},
        {"module.exports == h; module.exports.a = h; exports.b = h", "", ""},
        {"export default Deno.serve(h)", "deno 1:16 T", ""},
        {"addEventListener('fetch', (e) => {})", "listener 1:1 T", ""},
        {"self.addEventListener(\"fetch\", f)", "listener 1:6 T", ""},
        {"addEventListener('unload', f); addEventListener(fetch, f)", "", ""},
    };

    (void)state;
    check_all(snippets, OT_COUNT(snippets));
}

static void imports(void **state)
{
    static const struct snippet snippets[] = {
        {"import './a.ts'", "", "./a.ts"},
        {"import \"../b.ts\"; import './a.ts'; import './a.ts'", "", "../b.ts ./a.ts"},
        {"import a from './a.ts'", "", "./a.ts"},
        {"import * as a from '..'", "", ".."},
        {"import a, * as b from './a.ts'", "", "./a.ts"},
        {"import a, { type B } from './a.ts'", "", "./a.ts"},
        {"import {} from './a.ts'", "", "./a.ts"},
        {"import { type A, b, } from './a.ts'", "", "./a.ts"},
        {"import { type } from './a.ts'", "", "./a.ts"},
        {"import { type as a } from './a.ts'", "", "./a.ts"},
        {"import type from './a.ts'", "", "./a.ts"},
        {"import a from './a.json' with { type: 'json' }", "", "./a.json"},
        {"export * from './a.ts'", "", "./a.ts"},
        {"export * as a from './a.ts'", "", "./a.ts"},
        {"export { a, b as c } from './a.ts'", "", "./a.ts"},
        {"const a = await import('./a.ts')", "", "./a.ts"},
        {"import(`./a.ts`).then()", "", "./a.ts"},
        {"import('./a.json', { with: { type: 'json' } })", "", "./a.json"},
        {"const a = require('./a.js'), b = () => require('./b.js')", "", "./a.js ./b.js"},
        {"import a = require('./a.ts')", "", "./a.ts"},
        {"import './a\xc3\xa9.ts'", "", "./a\xc3\xa9.ts"},
        /* types only */
        {"import type A from './a.ts'", "", ""},
        {"import type { A } from 'npm:a'", "", ""},
        {"import type * as A from 'a'", "", ""},
        {"import type from from './a.ts'", "", ""},
        {"import { type A, type B as C } from 'a'", "", ""},
        {"export type { A } from 'a'", "", ""},
        {"export type * from 'a'", "", ""},
        {"export { type A } from 'a'", "", ""},
        {"import 'jsr:@supabase/functions-js/edge-runtime.d.ts'", "", ""},
        {"import 'https://esm.sh/@supabase/functions-js/src/edge-runtime.d.ts?x=1'", "", ""},
        {"import './a.d.ts'", "", ""},
        /* packages */
        {"import { z } from 'npm:zod@^3.23'", "", "+"},
        {"import 'https://x/y.ts'", "", "+"},
        {"import a from 'a'; import b from './b.ts'", "", "./b.ts +"},
        {"export * from 'jsr:@a/b'", "", "+"},
        {"import a from '/a.ts'", "", "+"},
        {"import a from '.a'", "", "+"},
        {"import a from ''", "", "+"},
        {"require('fs')", "", "+"},
        {"await import(name)", "", "+"},
        {"await import('./a' + b)", "", "+"},
        {"await import(`./${a}.ts`)", "", "+"},
        {"import './\\x61.ts'", "", "+"},
        /* none */
        {"import.meta.url; a.import('./a.ts'); a.require('./a.ts')", "", ""},
        {"// import './a.ts'\n'import \"./b.ts\"'", "", ""},
        {"export const from = './a.ts'", "", ""},
    };

    (void)state;
    check_all(snippets, OT_COUNT(snippets));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deno_serve),    cmocka_unit_test(fakes),   cmocka_unit_test(serve_calls),
        cmocka_unit_test(public_option), cmocka_unit_test(exports), cmocka_unit_test(imports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
