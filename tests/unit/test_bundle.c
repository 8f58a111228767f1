/* Good projects: what a build makes of them. */
#include "build/runtime.h"
#include "tests/unit/project.h"

/* -- good projects ------------------------------------------------------------------------------
 */

static void sources_of_all_kinds(void **state)
{
    struct project project;
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    OT_AUTOFREE char *text = NULL;
    const struct ot_function *mixed;

    (void)state;
    begin(&project);
    put_plain(&project, "plain");
    put(&project, "node_modules/old/index.js",
        "const fs = require('fs'); module.exports = () => fs.existsSync(__dirname) + global.x;");
    put(&project, "functions/mixed/data.json", "{ \"marker\": 1 }");
    put(&project, "functions/mixed/empty.wasm", "not looked at");
    put(&project, "functions/mixed/index.tsx",
        "import \"jsr:@supabase/functions-js/edge-runtime.d.ts\";\n"
        "import { greeting } from \"../_shared/greeting.ts\";\n"
        "import { createHash } from \"crypto\";\n"
        "import old from \"npm:old@1\";\n"
        "import data from \"./data.json\" with { type: \"json\" };\n"
        "import wasm from \"./empty.wasm?module\";\n"
        "import { serve } from \"https://deno.land/std@0.168.0/http/server.ts\";\n"
        "serve(() => new Response(greeting + data.marker + wasm + old() + createHash));\n");
    build_well(&project);
    assert_int_equal(project.report.diagnostic_count, 0);
    assert_int_equal(project.report.function_count, 2);

    payload = open_dist(&project);
    mixed = function_of(payload, "mixed");
    assert_true(reaches(mixed, "chunks/"));
    assert_true(reaches(mixed, "files/empty-"));
    assert_false(reaches(function_of(payload, "plain"), "files/"));
    text = read_output(&project, "functions/mixed.js");
    assert_non_null(strstr(text, "marker: 1"));
    assert_non_null(strstr(text, "getBuiltinModule(\"node:crypto\")"));
    assert_null(strstr(text, "import \"node:"));
    /* what only the build needed is gone */
    assert_null(strstr(text, "await 0"));
    assert_null(strstr(text, "?module"));
    end(&project);
}

static void manifest_options(void **state)
{
    struct project project;
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    const struct ot_manifest *manifest;

    (void)state;
    begin(&project);
    put_plain(&project, "hello");
    ot_list_add(&project.flags, "nodejs_als");
    ot_list_add(&project.flags, "nodejs_compat");
    ot_list_add(&project.env, "B");
    ot_list_add(&project.env, "A");
    ot_list_add(&project.env, "B");
    project.options.compat_date = "2025-10-01";
    project.options.minify = true;
    project.options.sourcemap = OT_SOURCEMAP_LINKED;
    project.options.splitting = false;
    build_well(&project);
    payload = open_dist(&project);
    manifest = ot_payload_manifest(payload);
    assert_string_equal(manifest->builder_esbuild, OT_ESBUILD_VERSION);
    assert_true(manifest->minify);
    assert_false(manifest->splitting);
    assert_string_equal(manifest->sourcemap, "linked");
    assert_string_equal(manifest->compatibility_date, "2025-10-01");
    assert_int_equal(manifest->compatibility_flags.count, 3);
    assert_string_equal(manifest->compatibility_flags.items[2], "nodejs_als");
    assert_int_equal(manifest->env.count, 2);
    assert_string_equal(manifest->env.items[0], "A");
    /* the map is in the dist, and the function's cell gets it */
    assert_non_null(ot_manifest_member(manifest, OT_SPAN("functions/hello.js.map")));
    assert_int_equal(function_of(payload, "hello")->module_count, 2);
    assert_string_equal(function_of(payload, "hello")->modules[0]->path, OT_RUNTIME_FILE);
    assert_string_equal(function_of(payload, "hello")->modules[1]->path, "functions/hello.js.map");
    assert_int_equal(project.report.chunk_count, 0);
    end(&project);
}

static void who_is_public(void **state)
{
    static const struct {
        const char *name, *config, *options;
        bool expected;
    } cases[] = {
        {"unset", NULL, "", false},
        {"source", NULL, ", { public: true }", true},
        {"config", "{ \"public\": true }", "", true},
        {"closed", "{ \"public\": false }", ", { public: true }", false},
    };
    struct project project;
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;

    (void)state;
    begin(&project);
    put(&project, "functions/_shared/handler.ts",
        "export const serve = (handler: unknown, options?: object) => "
        "globalThis.__edgeFunctionRegistry.register(handler, options);\n");
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *entry = ot_asprintf("functions/%s/index.ts", cases[i].name);
        OT_AUTOFREE char *config = ot_asprintf("functions/%s/1tube.json", cases[i].name);
        OT_AUTOFREE char *source = ot_asprintf("import { serve } from \"../_shared/handler.ts\";\n"
                                               "serve(() => new Response()%s);\n",
                                               cases[i].options);

        put(&project, entry, source);
        if (cases[i].config != NULL)
            put(&project, config, cases[i].config);
    }
    build_well(&project);
    payload = open_dist(&project);
    for (size_t i = 0; i < OT_COUNT(cases); i++)
        assert_int_equal(function_of(payload, cases[i].name)->config.is_public, cases[i].expected);
    end(&project);
}

/* Functions with top-level await are awaited; the others still share their code. */
static void top_level_await(void **state)
{
    struct project project;
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    OT_AUTOFREE char *waiting = NULL;
    OT_AUTOFREE char *plain = NULL;

    (void)state;
    begin(&project);
    put_plain(&project, "one");
    put_plain(&project, "two");
    put(&project, "functions/waiting/index.ts",
        "import { later } from \"./later.ts\";\nexport default () => new Response(later);\n");
    put(&project, "functions/waiting/later.ts",
        "import { greeting } from \"../_shared/greeting.ts\";\n"
        "export const later = await Promise.resolve(greeting);\n");
    build_well(&project);
    payload = open_dist(&project);
    assert_true(reaches(function_of(payload, "one"), "chunks/chunk-"));
    assert_true(reaches(function_of(payload, "two"), "chunks/chunk-"));
    assert_int_equal(function_of(payload, "waiting")->module_count, 1);
    assert_true(reaches(function_of(payload, "waiting"), OT_RUNTIME_FILE));
    waiting = read_output(&project, "functions/waiting.js");
    plain = read_output(&project, "functions/one.js");
    assert_non_null(strstr(waiting, "() => init_waiting().then("));
    assert_non_null(strstr(plain, "() => (init_one(), "));
    end(&project);
}

static void only_top_level_await(void **state)
{
    struct project project;

    (void)state;
    begin(&project);
    put(&project, "functions/a/index.ts",
        "const text = await Promise.resolve(\"a\"); Deno.serve(() => new Response(text));\n");
    put(&project, "functions/b/index.ts",
        "const text = await Promise.resolve(\"b\"); Deno.serve(() => new Response(text));\n");
    build_well(&project);
    assert_int_equal(project.report.function_count, 2);
    assert_int_equal(project.report.chunk_count, 0);
    end(&project);
}

/* -- the same bytes -----------------------------------------------------------------------------
 */

static void put_sample(const struct project *project, const char *modules)
{
    OT_AUTOFREE char *package = ot_asprintf("%s/pack/index.js", modules);
    OT_AUTOFREE char *manifest = ot_asprintf("%s/pack/package.json", modules);

    put(project, manifest, "{ \"name\": \"pack\", \"main\": \"index.js\" }");
    put(project, package, "exports.pack = require('path').sep;");
    put_plain(project, "one");
    put_plain(project, "two");
    put(project, "functions/three/index.ts",
        "import { pack } from \"pack\"; const x = await 3; export default () => new Response(pack "
        "+ x);\n");
    put(project, "functions/four/index.ts",
        "import { pack } from \"pack\"; export default () => new Response(pack);\n");
}

static void same_bytes_anywhere(void **state)
{
    struct project shallow, deep;

    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        OT_AUTOFREE char *functions = NULL;

        begin(&shallow);
        begin(&deep);
        put_sample(&shallow, "node_modules");
        put_sample(&deep, "node_modules");
        /* the same project again, two folders further down */
        functions = ot_asprintf("%s/a/b c", deep.dir);
        put(&deep, "a/x", "");
        assert_int_equal(mkdir(functions, 0700), 0);
        {
            OT_AUTOFREE char *from = ot_asprintf("%s/node_modules", deep.dir);
            OT_AUTOFREE char *to = ot_asprintf("%s/node_modules", functions);
            OT_AUTOFREE char *moved = ot_asprintf("%s/functions", functions);

            assert_int_equal(rename(from, to), 0);
            assert_int_equal(rename(deep.functions, moved), 0);
            free(deep.functions);
            deep.functions = OT_STEAL(moved);
            deep.options.functions = deep.functions;
        }
        shallow.options.minify = deep.options.minify = variant & 1;
        shallow.options.sourcemap = deep.options.sourcemap =
            variant & 2 ? OT_SOURCEMAP_LINKED : OT_SOURCEMAP_NONE;
        deep.options.jobs = 1;
        build_well(&shallow);
        build_well(&deep);
        assert_string_equal(shallow.report.manifest_sha256, deep.report.manifest_sha256);
        end(&shallow);
        end(&deep);
    }
}

/* A node_modules that is a link does not show where it leads to. */
static void linked_packages(void **state)
{
    struct project near, far;
    OT_AUTOFREE char *from_near = NULL;
    OT_AUTOFREE char *from_far = NULL;
    OT_AUTOFREE char *text = NULL;

    (void)state;
    begin(&near);
    begin(&far);
    put_sample(&near, "store");
    put_sample(&far, "some/other/place");
    from_near = ot_asprintf("%s/node_modules", near.dir);
    from_far = ot_asprintf("%s/node_modules", far.dir);
    assert_int_equal(symlink("store", from_near), 0);
    assert_int_equal(symlink("some/other/place", from_far), 0);
    build_well(&near);
    build_well(&far);
    text = read_output(&near, "functions/three.js");
    assert_non_null(strstr(text, "\n// node_modules/pack/index.js"));
    assert_string_equal(near.report.manifest_sha256, far.report.manifest_sha256);
    end(&near);
    end(&far);
}

/* -- failures -----------------------------------------------------------------------------------
 */

static void failure_leaves_the_old_dist(void **state)
{
    struct project project;
    OT_AUTOFREE char *before = NULL;
    OT_AUTOFREE char *after = NULL;

    (void)state;
    begin(&project);
    put_plain(&project, "hello");
    build_well(&project);
    before = read_output(&project, "manifest.json");
    put(&project, "functions/hello/index.ts", "export default (;\n");
    assert_int_equal(build(&project), -1);
    after = read_output(&project, "manifest.json");
    assert_string_equal(before, after);
    end(&project);
}

static void targets(void **state)
{
    static const char *const valid[] = {"es2015", "es2019", "es2020", "es2024", "esnext"};
    struct project project;

    (void)state;
    begin(&project);
    put_plain(&project, "hello");
    for (size_t i = 0; i < OT_COUNT(valid); i++) {
        project.options.target = valid[i];
        assert_succeeds(build(&project), project.err);
    }
    end(&project);
}

static void bad_options(void **state)
{
    static const char *const targets[] = {"es1492", "es2014",  "es2010",   "es2025", "es20250",
                                          "es2030", "es02015", "chrome90", "es",     ""};
    struct project project;

    (void)state;
    begin(&project);
    put_plain(&project, "hello");
    for (size_t i = 0; i < OT_COUNT(targets); i++) {
        project.options.target = targets[i];
        assert_int_equal(build(&project), -1);
        assert_int_equal(project.err.kind, OT_USAGE);
    }
    project.options.target = "esnext";
    project.options.compat_date = "2025-02-30";
    assert_int_equal(build(&project), -1);
    assert_int_equal(project.err.kind, OT_USAGE);
    project.options.compat_date = OT_DEFAULT_COMPAT_DATE;
    ot_list_add(&project.env, "A-B");
    assert_int_equal(build(&project), -1);
    assert_int_equal(project.err.kind, OT_USAGE);
    ot_list_free(&project.env);
    project.env = (struct ot_list){0};
    ot_list_add(&project.flags, "Bad-Flag");
    assert_int_equal(build(&project), -1);
    assert_int_equal(project.err.kind, OT_USAGE);
    end(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_of_all_kinds),
        cmocka_unit_test(manifest_options),
        cmocka_unit_test(who_is_public),
        cmocka_unit_test(top_level_await),
        cmocka_unit_test(only_top_level_await),
        cmocka_unit_test(same_bytes_anywhere),
        cmocka_unit_test(linked_packages),
        cmocka_unit_test(failure_leaves_the_old_dist),
        cmocka_unit_test(targets),
        cmocka_unit_test(bad_options),
    };

    return cmocka_run_group_tests(tests, project_setup, project_teardown);
}
