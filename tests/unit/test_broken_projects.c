/* Broken projects, and programs that are not the esbuild that is needed: what the user is told. */
#include "tests/unit/project.h"

#include "build/diagnostics.h"

struct broken {
    const char *source; /* of functions/pay/index.ts */
    const char *place;  /* "file:line:column" */
    const char *text;   /* a part of it */
};

static void check_broken(const struct broken *broken)
{
    struct project project;
    const struct ot_diagnostic *found;
    OT_AUTOFREE char *shown = NULL;
    OT_AUTOFREE char *place = NULL;

    begin(&project);
    put_plain(&project, "good");
    put(&project, "functions/waiting/index.ts",
        "await 0; export default () => new Response(\"x\");\n");
    put(&project, "node_modules/pack/package.json",
        "{ \"name\": \"pack\", \"exports\": { \".\": \"./index.js\" } }");
    put(&project, "node_modules/pack/index.js", "export const pack = 1;");
    put(&project, "functions/pay/other.js", "export const other = 1;");
    put(&project, "functions/pay/index.ts", broken->source);
    assert_int_equal(build(&project), -1);
    assert_int_equal(project.err.kind, OT_FAILED);
    if (project.report.diagnostic_count != 1)
        fail_msg("%zu diagnostics for %s: %s", project.report.diagnostic_count, broken->source,
                 project.report.diagnostic_count > 0 ? project.report.diagnostics[1].text : "");
    found = &project.report.diagnostics[0];
    assert_true(found->is_error);
    shown = ot_asprintf("%s/%s", project.functions, broken->place);
    place = ot_asprintf("%s:%u:%u", found->file, found->line, found->column);
    if (strcmp(shown, place) != 0 || strstr(found->text, broken->text) == NULL)
        fail_msg("%s: %s\nexpected %s: %s", place, found->text, shown, broken->text);
    assert_int_equal(access(project.out, F_OK), -1);
    end(&project);
}

static void broken_projects(void **state)
{
    static const struct broken cases[] = {
        {"export default () => {\n  const x = ;\n};\n", "pay/index.ts:2:13", "Unexpected \";\""},
        {"import x from \"./missing.ts\";\nexport default () => x;\n", "pay/index.ts:1:15",
         "cannot resolve \"./missing.ts\""},
        {"import x from \"../chunks/onetube.js\";\nexport default () => x;\n", "pay/index.ts:1:15",
         "cannot resolve \"../chunks/onetube.js\""},
        {"import { cell } from \"onetube:runtime\";\nexport default () => cell;\n",
         "pay/index.ts:1:22", "cannot resolve \"onetube:runtime\" (onetube has no such module)"},
        {"// first\nimport Stripe from \"npm:stripe@14\";\nexport default () => Stripe;\n",
         "pay/index.ts:2:20",
         "cannot resolve \"npm:stripe@14\" (install it: npm install stripe@14, or onetube vendor "
         "--functions "},
        {"import x from \"@scope/name/sub\";\nexport default () => x;\n", "pay/index.ts:1:15",
         "cannot resolve \"@scope/name/sub\" (install it: npm install @scope/name)"},
        {"import x from \"pack/nope\";\nexport default () => x;\n", "pay/index.ts:1:15",
         "cannot resolve \"pack/nope\" (The path \"./nope\" is not exported by package \"pack\")"},
        {"import x from \"npm:pack@1/nope\";\nexport default () => x;\n", "pay/index.ts:1:15",
         "cannot resolve \"npm:pack@1/nope\" (the package is installed, but has nothing"},
        {"import x from \"https://example.com/x.ts\";\nexport default () => x;\n",
         "pay/index.ts:1:15",
         "cannot resolve \"https://example.com/x.ts\" (a build never uses the network"},
        {"export default async () => (await import(\"jsr:@std/nope@1\")).sep;\n",
         "pay/index.ts:1:42",
         "cannot resolve \"jsr:@std/nope@1\" (of the standard library onetube provides assert,"},
        {"import x from \"node:nope\";\nexport default () => x;\n", "pay/index.ts:1:15",
         "cannot resolve \"node:nope\" (Node.js has no such module)"},
        {"import { nope } from \"./other.js\";\nexport default () => nope;\n", "pay/index.ts:1:10",
         "No matching export in \"pay/other.js\" for import \"nope\""},
        {"Deno.serve(() => new Response(\"a\"));\nexport default () => new Response(\"b\");\n",
         "pay/index.ts:2:1", "a second handler: the first is in line 1"},
        {"console.log(\"nothing to serve\");\n", "pay/index.ts:1:1", "no handler"},
        {"import \"./other.js\";\n", "pay/index.ts:1:1", "no handler"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++)
        check_broken(&cases[i]);
}

/* Functions with top-level await are bundled apart from the others; what they share with them is
 * not reported twice. */
static void reported_once(void **state)
{
    struct project project;

    (void)state;
    begin(&project);
    put(&project, "functions/_shared/empty.js", "export {};");
    put(&project, "functions/_shared/bad.js",
        "import { nope } from \"./empty.js\"; export const bad = nope;");
    put(&project, "functions/plain/index.ts",
        "import { bad } from \"../_shared/bad.js\"; export default () => bad;");
    put(&project, "functions/waiting/index.ts",
        "import { bad } from \"../_shared/bad.js\"; await 0; export default () => bad;");
    assert_int_equal(build(&project), -1);
    assert_int_equal(project.report.diagnostic_count, 1);
    assert_string_equal(project.err.message, "1 error in the sources");
    end(&project);
}

/* A handler may be registered by a file that the entry imports, or by a package. */
static void handlers_elsewhere(void **state)
{
    struct project project;

    (void)state;
    begin(&project);
    put(&project, "functions/a/index.ts", "import \"./app.ts\";\n");
    put(&project, "functions/a/app.ts", "import \"../_shared/start.ts\";\n");
    put(&project, "functions/_shared/start.ts", "Deno.serve(() => new Response());\n");
    put(&project, "functions/b/index.ts", "import \"pack\";\n");
    put(&project, "node_modules/pack/index.js", "Deno.serve(() => new Response());\n");
    build_well(&project);
    end(&project);
}

static void file_names(void **state)
{
    struct project project;

    (void)state;
    begin(&project);
    put(&project, "functions/a/my file.wasm", "x");
    put(&project, "functions/a/index.ts",
        "import x from \"./my file.wasm\"; export default () => x;\n");
    assert_int_equal(build(&project), -1);
    assert_int_equal(project.err.kind, OT_FAILED);
    assert_non_null(strstr(project.err.message, "files/my file-"));
    end(&project);
}

static void shown_paths(void **state)
{
    static const struct {
        const char *shown, *relative, *expected;
    } cases[] = {
        {"functions", "a/index.ts", "functions/a/index.ts"},
        {"./functions/", "a/index.ts", "functions/a/index.ts"},
        {"x/functions", "../lib/y.ts", "x/lib/y.ts"},
        {"functions", "../lib/y.ts", "lib/y.ts"},
        {"functions", "../../y.ts", "../y.ts"},
        {".", "../y.ts", "../y.ts"},
        {"../f", "../../y.ts", "../../y.ts"},
        {"/srv/functions", "a/b.ts", "/srv/functions/a/b.ts"},
        {"/", "a/b.ts", "/a/b.ts"},
        {"functions", "onetube-shim:onetube.js", "onetube-shim:onetube.js"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *found = ot_shown_path(cases[i].shown, cases[i].relative);

        assert_string_equal(found, cases[i].expected);
    }
}

/* -- esbuild itself -----------------------------------------------------------------------------
 */

static void other_programs(void **state)
{
    static const struct {
        const char *script;
        const char *message;
    } cases[] = {
        {"#!/bin/sh\necho 0.1.2\n", "does not speak the protocol of esbuild " OT_ESBUILD_VERSION},
        {"#!/bin/sh\nprintf '\\006\\000\\000\\0000.27.1'\n", "is esbuild 0.27.1, but version"},
        {"#!/bin/sh\necho 'Cannot start service: Host version \"x\" does not match binary version "
         "\"0.27.1\"' >&2\nexit 1\n",
         "is esbuild 0.27.1, but version"},
        {"#!/bin/sh\necho broken >&2\nexit 7\n", "exited with code 7): broken"},
        {"#!/bin/sh\nprintf '\\006\\000\\000\\0000.28.2'\nexit 0\n", "ended before it was done"},
        {"#!/bin/sh\nprintf '\\006\\000\\000\\0000.28.2\\001\\000\\000\\000\\001'\nsleep 5\n",
         "malformed packet"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct project project;
        OT_AUTOFREE char *path = NULL;

        begin(&project);
        put_plain(&project, "hello");
        put(&project, "tool", cases[i].script);
        path = ot_asprintf("%s/tool", project.dir);
        assert_int_equal(chmod(path, 0755), 0);
        project.options.esbuild = path;
        assert_int_equal(build(&project), -1);
        assert_int_equal(project.err.kind, OT_TOOL);
        if (strstr(project.err.message, cases[i].message) == NULL)
            fail_msg("case %zu: %s", i, project.err.message);
        end(&project);
    }
}

static void where_esbuild_is(void **state)
{
    struct project project;
    const char *refused[] = {"/nonexistent/esbuild", NULL};
    OT_AUTOFREE char *found = NULL;

    (void)state;
    begin(&project);
    refused[1] = project.dir; /* a folder is no program, though it can be entered */
    for (size_t i = 0; i < OT_COUNT(refused); i++) {
        assert_null(ot_esbuild_find(refused[i], project.functions, &project.err));
        assert_int_equal(project.err.kind, OT_TOOL);
        assert_non_null(strstr(project.err.message, refused[i]));
    }
    found = ot_esbuild_find(esbuild_path, project.functions, &project.err);
    assert_string_equal(found, esbuild_path);
    end(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_projects),    cmocka_unit_test(reported_once),
        cmocka_unit_test(handlers_elsewhere), cmocka_unit_test(file_names),
        cmocka_unit_test(shown_paths),        cmocka_unit_test(other_programs),
        cmocka_unit_test(where_esbuild_is),
    };

    return cmocka_run_group_tests(tests, project_setup, project_teardown);
}
