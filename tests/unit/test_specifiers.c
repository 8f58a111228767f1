#include "tests/unit/unit.h"

#include "build/specifiers.h"

#include <regex.h>
#include <string.h>

#define INVALID OT_SPECIFIER_INVALID
#define BUILTIN OT_SPECIFIER_BUILTIN
#define SHIM OT_SPECIFIER_SHIM
#define EMPTY OT_SPECIFIER_EMPTY
#define PACKAGE OT_SPECIFIER_PACKAGE
#define REMOTE OT_SPECIFIER_REMOTE
#define FILE_ OT_SPECIFIER_FILE

static const struct {
    const char *text;
    enum ot_specifier_kind kind;
    const char *target; /* NULL: none */
    const char *advice; /* NULL: none; else a part of it */
} specifiers[] = {
    {"fs", BUILTIN, "node:fs", NULL},
    {"node:fs", BUILTIN, "node:fs", NULL},
    {"fs/promises", BUILTIN, "node:fs/promises", NULL},
    {"node:test", BUILTIN, "node:test", NULL},
    {"node:nope", INVALID, NULL, "Node.js has no such module"},
    {"node:", INVALID, NULL, "Node.js has no such module"},

    {"npm:zod", PACKAGE, "zod", "install it: npm install zod"},
    {"npm:stripe@14", PACKAGE, "stripe", "install it: npm install stripe@14"},
    {"npm:zod@^3.23/v4", PACKAGE, "zod/v4", "npm install zod@^3.23"},
    {"npm:/zod@3/v4/core", PACKAGE, "zod/v4/core", "npm install zod@3"},
    {"npm:@scope/name@1.2.3/sub", PACKAGE, "@scope/name/sub", "npm install @scope/name@1.2.3"},
    {"npm:@scope/name", PACKAGE, "@scope/name", "npm install @scope/name"},
    {"npm:x@>=1 <3", PACKAGE, "x", "npm install 'x@>=1 <3'"},
    {"npm:events", PACKAGE, "events/", "npm install events"},
    {"npm:types@1/index.d.ts", EMPTY, NULL, NULL},
    {"npm:", INVALID, NULL, "npm:name@version/path"},
    {"npm:@scope", INVALID, NULL, "npm:name@version/path"},
    {"npm:../evil", INVALID, NULL, "npm:name@version/path"},
    {"npm:x/../../evil", INVALID, NULL, "npm:name@version/path"},
    {"npm:x//y", INVALID, NULL, "npm:name@version/path"},
    {"npm:x@'; rm -rf'", INVALID, NULL, "npm:name@version/path"},

    {"jsr:@supabase/functions-js/edge-runtime.d.ts", EMPTY, NULL, NULL},
    {"jsr:@supabase/supabase-js@2", PACKAGE, "@supabase/supabase-js",
     "npm install @supabase/supabase-js@2"},
    {"jsr:@hono/hono@4/cors", PACKAGE, "hono/cors", "npm install hono@4"},
    {"jsr:@std/path@1/nope", PACKAGE, "@std/path/nope", "provides path/"},
    {"jsr:@std/path@1", PACKAGE, "@std/path", "provides path/"},
    {"@std/nope/x", PACKAGE, "@std/nope/x", "provides assert, async"},
    {"jsr:path", INVALID, NULL, "jsr:@scope/name@version/path"},
    {"jsr:@luca/cases@1", PACKAGE, "@luca/cases", "on JSR, not on npm"},
    {"jsr:@oak/oak@^17.1.4/router", PACKAGE, "@oakserver/oak", "npm install @oakserver/oak@14"},
    {"jsr:@panva/jose@5", PACKAGE, "jose", "npm install jose@5"},
    {"https://jsr.io/@hono/hono/4.1.0/mod.ts", PACKAGE, "hono", "npm install hono@4.1.0"},

    {"https://deno.land/std@0.168.0/http/server.ts", REMOTE, "deno.land/std@0.168.0/http/server.ts",
     "provides http/"},
    {"https://deno.land/std/http/server.ts", REMOTE, "deno.land/std/http/server.ts", "provides"},
    {"https://deno.land/std@0.1.0/http/x.d.ts", EMPTY, NULL, NULL},
    {"https://deno.land/stdx/http/server.ts", REMOTE, "deno.land/stdx/http/server.ts",
     "never uses the network"},
    {"https://deno.land/x/oak@v12.6.2/mod.ts", PACKAGE, "@oakserver/oak",
     "npm install @oakserver/oak@12"},
    {"https://deno.land/x/oak@v9.0.1/mod.ts", PACKAGE, "@oakserver/oak",
     "npm install @oakserver/oak@10"},
    {"https://deno.land/x/sentry@7.102.0/index.mjs", PACKAGE, "@sentry/deno",
     "npm install @sentry/deno@8"},
    {"https://deno.land/x/sentry@10.1.0/index.mjs", PACKAGE, "@sentry/deno",
     "npm install @sentry/deno@10"},
    {"https://deno.land/x/grammy@v1.8.3/mod.ts", PACKAGE, "grammy", "npm install grammy@1"},
    {"https://deno.land/x/hono@v4.0.0/middleware/cors/index.ts", PACKAGE, "hono/cors",
     "npm install hono@4.0.0"},
    {"https://deno.land/x/zod@v3.22.4/mod.ts", PACKAGE, "zod", "npm install zod@3.22.4"},
    {"https://deno.land/x/xhr@0.1.0/mod.ts", EMPTY, NULL, NULL},
    {"https://deno.land/x/sift@0.6.0/mod.ts", REMOTE, "deno.land/x/sift@0.6.0/mod.ts",
     "never uses the network"},
    {"http://example.com/a.js", REMOTE, "example.com/a.js", "never uses the network"},
    {"https://example.com/types.d.ts?x=y", EMPTY, NULL, NULL},

    {"https://esm.sh/zod", PACKAGE, "zod", "npm install zod"},
    {"https://esm.sh/zod@3.23.8?target=deno&bundle", PACKAGE, "zod", "npm install zod@3.23.8"},
    {"https://esm.sh/v135/zod@3/v4", PACKAGE, "zod/v4", "npm install zod@3"},
    {"https://esm.sh/stable/react@18.2.0/jsx-runtime", PACKAGE, "react/jsx-runtime",
     "npm install react@18.2.0"},
    {"https://esm.sh/*kysely@0.23", PACKAGE, "kysely", "npm install kysely@0.23"},
    {"https://esm.sh/@supabase/supabase-js@2", PACKAGE, "@supabase/supabase-js",
     "npm install @supabase/supabase-js@2"},
    {"https://esm.sh/gh/owner/repo", REMOTE, "esm.sh/gh/owner/repo", "never uses the network"},
    {"https://esm.sh/zod@%5E3.22", PACKAGE, "zod", "npm install zod@^3.22"},
    {"https://esm.sh/zod@3&target=deno/v4", PACKAGE, "zod/v4", "npm install zod@3"},
    {"https://esm.sh/jsr/@hono/hono@4", PACKAGE, "hono", "npm install hono@4"},
    {"https://esm.run/zod@3", PACKAGE, "zod", "npm install zod@3"},
    {"npm:@types/node@20", EMPTY, NULL, NULL},
    {"https://cdn.jsdelivr.net/npm/zod@3/+esm", PACKAGE, "zod", "npm install zod@3"},
    {"https://cdn.jsdelivr.net/gh/a/b/c.js", REMOTE, "cdn.jsdelivr.net/gh/a/b/c.js",
     "never uses the network"},
    {"https://unpkg.com/zod@3/index.js?module", PACKAGE, "zod/index.js", "npm install zod@3"},
    {"https://cdn.skypack.dev/zod", PACKAGE, "zod", "npm install zod"},
    {"https://esm.sh.example.com/zod", REMOTE, "esm.sh.example.com/zod", "never uses the network"},

    {"onetube:assets", SHIM, "assets.js", NULL},
    {"onetube:shim", INVALID, NULL, "onetube has no such module"},
    {"file:///srv/x.ts", FILE_, "/srv/x.ts", NULL},
    {"zod", PACKAGE, "zod", "npm install zod"},
    {"onetube:../x", INVALID, NULL, "onetube has no such module"},
    {"./add.wasm?module", FILE_, "./add.wasm", NULL},
    {"./add.wasm", FILE_, "./add.wasm", NULL},
};

static void meanings(void **state)
{
    (void)state;
    for (size_t i = 0; i < OT_COUNT(specifiers); i++) {
        OT_AUTOSPECIFIER struct ot_specifier found =
            ot_specifier_parse(ot_span_of(specifiers[i].text));
        const char *advice = specifiers[i].advice;

        if (found.kind != specifiers[i].kind)
            fail_msg("%s: kind %d, expected %d", specifiers[i].text, found.kind,
                     specifiers[i].kind);
        if ((found.target == NULL) != (specifiers[i].target == NULL) ||
            (found.target != NULL && strcmp(found.target, specifiers[i].target) != 0))
            fail_msg("%s: target %s", specifiers[i].text, found.target);
        if ((found.advice == NULL) != (advice == NULL) ||
            (advice != NULL && strstr(found.advice, advice) == NULL))
            fail_msg("%s: advice %s", specifiers[i].text, found.advice);
    }
}

/* What stands in for a package, under which other name it may be there, and what is said of it. */
static void alternatives(void **state)
{
    static const struct {
        const char *text, *other, *shim, *version, *note;
    } cases[] = {
        {"npm:zod@^3", NULL, NULL, "^3", NULL},
        {"npm:zod", NULL, NULL, NULL, NULL},
        {"jsr:@std/path@1/posix", "@jsr/std__path/posix", "std/path/mod.js", "1", NULL},
        {"jsr:@std/encoding@1/base32", "@jsr/std__encoding/base32", NULL, "1", NULL},
        {"jsr:@std/http@0.224/server", "@jsr/std__http/server", "std/http/server.js", "0.224",
         NULL},
        {"https://deno.land/std@0.168.0/http/server.ts", NULL, "std/http/server.js", NULL, NULL},
        {"https://deno.land/std@0.168.0/async/delay.ts", NULL, "std/async/mod.js", NULL, NULL},
        {"https://deno.land/std@0.168.0/path/mod.ts", NULL, "std/path/mod.js", NULL, NULL},
        {"https://deno.land/x/djwt@v2.8/mod.ts", NULL, "land/djwt.js", NULL, NULL},
        {"https://deno.land/x/djwt@v2.8/algorithm.ts", NULL, NULL, NULL, NULL},
        {"jsr:@panva/jose@5", "@panva/jose", NULL, "5", "jsr:@panva/jose is taken from npm: jose"},
        {"https://deno.land/x/oak@v12/mod.ts", NULL, NULL, "12",
         "https://deno.land/x/oak is taken from npm: @oakserver/oak"},
        {"https://deno.land/x/postgresjs@v3.4.5/mod.js", NULL, NULL, "3.4.5",
         "https://deno.land/x/postgresjs is taken from npm: postgres"},
        {"https://esm.sh/zod@3", NULL, NULL, "3", NULL},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOSPECIFIER struct ot_specifier found = ot_specifier_parse(ot_span_of(cases[i].text));
        const char *const pairs[][2] = {{found.other, cases[i].other},
                                        {found.shim, cases[i].shim},
                                        {found.version, cases[i].version},
                                        {found.note, cases[i].note}};

        for (size_t j = 0; j < OT_COUNT(pairs); j++) {
            if ((pairs[j][0] == NULL) != (pairs[j][1] == NULL) ||
                (pairs[j][0] != NULL && strcmp(pairs[j][0], pairs[j][1]) != 0))
                fail_msg("%s: %s, expected %s", cases[i].text, pairs[j][0], pairs[j][1]);
        }
    }
}

/* esbuild asks about nothing else: each question costs a turn. */
static void filter(void **state)
{
    static const struct {
        const char *text;
        bool matches;
    } cases[] = {
        {"npm:zod", true},
        {"depd", true},
        {"depd/x", false},
        {"jsr:@a/b", true},
        {"https://x.y/z", true},
        {"http://x.y/z", true},
        {"file:///x", true},
        {"/x", true},
        {"@std/path", true},
        {"node:fs", true},
        {"onetube:assets", true},
        {"fs", true},
        {"fs/promises", true},
        {"./a.wasm?module", true},
        {"./a.wasm", true},
        {"fs-extra", false},
        {"fs/", false},
        {"./fs", false},
        {"zod", false},
        {"@scope/fs", false},
        {"cloudflare:workers", false},
        {"data:text/plain,x", false},
    };
    OT_AUTOBUF struct ot_buf pattern = {0};
    regex_t regex;

    (void)state;
    ot_specifier_filter(&pattern);
    assert_int_equal(regcomp(&regex, pattern.data, REG_EXTENDED | REG_NOSUB), 0);
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        if ((regexec(&regex, cases[i].text, 0, NULL, 0) == 0) != cases[i].matches)
            fail_msg("%s", cases[i].text);
    }
    regfree(&regex);
}

static void package_names(void **state)
{
    static const struct {
        const char *text;
        const char *name; /* NULL: none */
    } cases[] = {
        {"zod", "zod"},    {"zod/v4", "zod"}, {"@scope/name/sub/path", "@scope/name"},
        {"./zod", NULL},   {"../zod", NULL},  {"/zod", NULL},
        {"@/lib/x", NULL}, {"@scope", NULL},  {"#internal", NULL},
        {"npm:zod", NULL}, {"", NULL},        {"_private", NULL},
        {"~/lib/x", "~"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_span name;
        bool found = ot_specifier_package(ot_span_of(cases[i].text), &name);

        if (found != (cases[i].name != NULL) || (found && !ot_span_is(name, cases[i].name)))
            fail_msg("%s: %.*s", cases[i].text, (int)name.len, name.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meanings),
        cmocka_unit_test(alternatives),
        cmocka_unit_test(filter),
        cmocka_unit_test(package_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
