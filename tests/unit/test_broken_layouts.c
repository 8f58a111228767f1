/*
 * Broken projects, and exactly what the user is told: file, line, column, what is wrong, what to
 * do.
 */
#include "tests/unit/project.h"

#define ITEMS_MAX 8

struct broken {
    const char *items[ITEMS_MAX]; /* "path = text", beneath the project */
    const char *expected;         /* with the project's folder as "@" */
};

#define GOOD "functions/good/index.ts = export default () => new Response();"
#define INDEX "functions/a/index.ts = "
#define AT "@/functions/a/index.ts:"
#define VENDOR "onetube vendor --functions @/functions)"
#define OR_VENDOR ", or " VENDOR

static const struct broken cases[] = {
    /* specifiers */
    {{INDEX "import x from \"npm:stripe@14\"; export default () => x;"},
     AT "1:15: cannot resolve \"npm:stripe@14\" (install it: npm install stripe@14" OR_VENDOR},
    {{INDEX "import x from 'npm:@scope/x@>=1 <2/sub'; export default () => x;"},
     AT "1:15: cannot resolve \"npm:@scope/x@>=1 <2/sub\" (install it: npm install "
        "'@scope/x@>=1 <2'" OR_VENDOR},
    {{INDEX "import x from \"npm:\"; export default () => x;"},
     AT "1:15: cannot resolve \"npm:\" (not a package: write npm:name@version/path)"},
    {{INDEX "import x from \"jsr:luca\"; export default () => x;"},
     AT "1:15: cannot resolve \"jsr:luca\" (not a package: write jsr:@scope/name@version/path)"},
    {{INDEX "import x from \"jsr:@luca/cases@1\"; export default () => x;"},
     AT "1:15: cannot resolve \"jsr:@luca/cases@1\" (it is on JSR, not on npm; get it: " VENDOR},
    {{INDEX "import x from \"jsr:@panva/jose@5\"; export default () => x;"},
     AT "1:15: cannot resolve \"jsr:@panva/jose@5\" (install it: npm install jose@5" OR_VENDOR},
    {{INDEX "import x from \"https://esm.sh/zod@3?target=deno\"; export default () => x;"},
     AT "1:15: cannot resolve \"https://esm.sh/zod@3?target=deno\" (install it: npm install "
        "zod@3" OR_VENDOR},
    {{INDEX "import x from \"https://deno.land/x/oak@v12.6.2/mod.ts\"; export default () => x;"},
     AT "1:15: cannot resolve \"https://deno.land/x/oak@v12.6.2/mod.ts\" (install it: npm install "
        "@oakserver/oak@12" OR_VENDOR},
    {{INDEX
      "import x from \"https://deno.land/x/postgres@v0.17.0/mod.ts\"; export default () => x;"},
     AT "1:15: cannot resolve \"https://deno.land/x/postgres@v0.17.0/mod.ts\" (a build "
        "never uses the network; get it: " VENDOR},
    {{INDEX "import x from \"https://example.com/x.ts\"; export default () => x;"},
     AT "1:15: cannot resolve \"https://example.com/x.ts\" (a build never uses the network; get "
        "it: " VENDOR},
    {{INDEX "export default async () => (await import(\"https://esm.sh/gh/a/b\")).x;"},
     AT "1:42: cannot resolve \"https://esm.sh/gh/a/b\" (a build never uses the network; get "
        "it: " VENDOR},
    {{INDEX "import x from \"node:nope\"; export default () => x;"},
     AT "1:15: cannot resolve \"node:nope\" (Node.js has no such module)"},
    {{INDEX "import x from \"onetube:nope\"; export default () => x;"},
     AT "1:15: cannot resolve \"onetube:nope\" (onetube has no such module)"},
    {{INDEX "import x from \"left-pad\"; export default () => x;"},
     AT "1:15: cannot resolve \"left-pad\" (install it: npm install left-pad)"},
    {{INDEX "import x from \"./nope.ts\"; export default () => x;"},
     AT "1:15: cannot resolve \"./nope.ts\""},
    {{INDEX "import x from \"/etc/passwd\"; export default () => x;"},
     AT "1:15: cannot resolve \"/etc/passwd\" (neither the functions folder nor one above it has "
        "this file)"},
    {{INDEX "import x from \"npm:pack/nope\"; export default () => x;",
      "node_modules/pack/package.json = {\"exports\": {\".\": \"./i.js\"}}"},
     AT "1:15: cannot resolve \"npm:pack/nope\" (the package is installed, but has nothing under "
        "this name)"},
    {{INDEX "import x from \"npm:pack@2\"; export default () => x;",
      "node_modules/pack/package.json = {\"name\": \"pack\", \"version\": \"1.4.0\"}",
      "node_modules/pack/index.js = exports.x = 1;"},
     AT "1:15: \"npm:pack@2\" asks for another version than the 1.4.0 that is installed (install "
        "it: npm install pack@2" OR_VENDOR},
    {{INDEX "import { abortable, nope } from \"jsr:@std/async\"; Deno.serve(nope);"},
     AT "1:21: onetube's part of @std/async has no \"nope\" (get all of it: onetube vendor, or npm "
        "install @jsr/std__async)"},
    {{INDEX "const { x } = require(\"npm:pack\"); module.exports = x;"},
     AT "1:23: cannot resolve \"npm:pack\" (install it: npm install pack" OR_VENDOR},
    /* import maps */
    {{INDEX "import x from \"lib\"; export default () => x;",
      "functions/a/deno.json = {\"imports\": {\"lib\": null}}"},
     AT "1:15: cannot resolve \"lib\" (an import map forbids it)"},
    {{INDEX "import x from \"lib/../../x\"; export default () => x;",
      "functions/a/deno.json = {\"imports\": {\"lib/\": \"./lib/\"}}"},
     AT "1:15: cannot resolve \"lib/../../x\" (an import map forbids it)"},
    {{INDEX "import x from \"lib\"; export default () => x;",
      "functions/a/deno.json = {\"imports\": {\"lib\": \"npm:stripe@14\"}}"},
     AT "1:15: cannot resolve \"lib\" (install it: npm install stripe@14" OR_VENDOR},
    {{INDEX "import x from \"lib\"; export default () => x;",
      "functions/a/import_map.json = {\"imports\": {\"lib\": \"./nope.ts\"}}"},
     AT "1:15: cannot resolve \"lib\""},
    {{INDEX "export default () => 1;", "functions/a/deno.json = {\"imports\": {\"lib\": }}"},
     "@/functions/a/deno.json:1:21: a value is expected here"},
    {{INDEX "export default () => 1;", "functions/deno.json = {\"importMap\": \"./map.json\"}"},
     "@/functions/map.json: there is no such import map"},
    {{INDEX "import \"../_shared/s.ts\"; export default () => 1;",
      "functions/b/index.ts = import \"../_shared/s.ts\"; export default () => 1;",
      "functions/a/deno.json = {\"imports\": {\"lib\": \"npm:x\"}}",
      "functions/b/deno.json = {\"imports\": {\"lib\": \"npm:y\"}}",
      "functions/_shared/s.ts = import \"lib\";"},
     "@/functions/_shared/s.ts:1:8: cannot resolve \"lib\" (the functions a and b share this file, "
     "and mean npm:x and npm:y by it: write the one that is meant, or map it in a deno.json beside "
     "the functions)"},
    /* supabase/config.toml */
    {{GOOD, "config.toml = [functions.good]\nverify_jwt = \"no\""},
     "@/config.toml:2:1: \"verify_jwt\" must be true or false"},
    {{GOOD, "config.toml = [functions.good]\nenabled = 1"},
     "@/config.toml:2:1: \"enabled\" must be true or false"},
    {{GOOD, "config.toml = [functions.good]\nimport_map = \"./nope.json\""},
     "@/config.toml:2:1: \"import_map\" names a file that does not exist"},
    {{GOOD, "config.toml = [functions.good]\n  entrypoint = \"./functions/good/main.ts\""},
     "@/config.toml:2:3: \"entrypoint\" names a file that does not exist"},
    {{GOOD, "config.toml = [functions.good]\nstatic_files = \"x\""},
     "@/config.toml:2:1: \"static_files\" must be an array of strings"},
    {{GOOD, "config.toml = [functions.good]\nstatic_files = [\n  \"./functions/good/*.html\"]"},
     "@/config.toml:3:3: no file matches the static file \"good/*.html\""},
    {{GOOD, "config.toml = [functions.good\n"},
     "@/config.toml:1:16: the table's name must end here"},
    {{GOOD, "config.toml = [functions.1x]\nentrypoint = \"./functions/good/index.ts\""},
     "@/config.toml: is not a function name (a letter, then at most 62 letters, digits, \"-\" and "
     "\"_\")"},
    /* files */
    {{INDEX "\nDeno.serve(async () => new Response(await Deno.readTextFile(\"./x.txt\")));"},
     AT "2:61: the file \"x.txt\" that is read here does not exist"},
    {{INDEX "const x = Deno.readFileSync(new URL(\"x.bin\", import.meta.url)); export default () "
            "=> x;"},
     AT "1:29: the file \"a/x.bin\" that is read here does not exist"},
    {{INDEX "const x = Deno.readFileSync(new URL(\"../../x.bin\", import.meta.url)); export "
            "default () => x;"},
     AT "1:29: the file that is read here is outside of the functions folder, where a function "
        "does not find it: move it into that folder"},
    {{GOOD, "functions/good/1tube.json = {\n  \"files\": [\"data/**\"]\n}"},
     "@/functions/good/1tube.json:2:13: no file matches the static file \"good/data/**\""},
    {{GOOD, "functions/good/1tube.json = {\"files\": \"x\"}"},
     "@/functions/good/1tube.json:1:11: \"files\" must be an array of strings"},
    {{GOOD, "functions/good/1tube.json = {\"files\": [\"my file\"]}", "functions/good/my file = x"},
     "\"good/my file\" cannot be a file of a dist: use only letters, digits, '.', '_' and '-' in "
     "its name, and at most 200 bytes"},
    /* wrangler */
    {{"functions/wrangler.toml = name = \"x\""},
     "@/functions/wrangler.toml: has no \"main\", the entry of the Worker"},
    {{"functions/wrangler.toml = main = \"x.ts\""},
     "@/functions/wrangler.toml: names an entry that does not exist: x.ts"},
    {{"functions/wrangler.jsonc = {\"name\": \"1x\", \"main\": \"x.ts\"}",
      "functions/x.ts = export default {};"},
     "@/functions: is not a function name (a letter, then at most 62 letters, digits, \"-\" and "
     "\"_\")"},
    {{"functions/a/wrangler.toml = main = \"x.ts\"\n[vars]\nDAY = 2025-01-01",
      "functions/a/x.ts = export default {};"},
     "@/functions/a/wrangler.toml:3:1: vars: write \"2025-01-01\" as a string"},
    {{"functions/a/wrangler.toml = main = \"x.ts\"\n[site]\nbucket = \"public\"",
      "functions/a/x.ts = export default {};"},
     "@/functions/a/wrangler.toml:2:2: \"site\": write static assets as \"assets\": { "
     "\"directory\": \"public\" }"},
    {{"functions/a/wrangler.json = {\"main\": \"x.ts\", \"assets\": {\"directory\": 1}}",
      "functions/a/x.ts = export default {};"},
     "@/functions/a/wrangler.json:1:18: assets: \"directory\" must be a folder"},
    {{"functions/a/wrangler.json = {\"main\": \"x.ts\", \"assets\": {\"directory\": \"web\"}}",
      "functions/a/x.ts = export default {};"},
     "@/functions/a/wrangler.json:1:29: no file matches the static file \"a/web\""},
    {{"functions/a/wrangler.json = {\"main\": \"x.ts\", \"compatibility_date\": \"today\"}",
      "functions/a/x.ts = export default {};"},
     "@/functions/a/wrangler.json:1:18: compatibility_date: not a date"},
    {{"functions/a/wrangler.json = {\"main\": \"x.ts\", \"compatibility_flags\": [\"A-B\"]}",
      "functions/a/x.ts = export default {};"},
     "@/functions/a/wrangler.json:1:42: compatibility_flags: not a flag"},
    {{"functions/a/wrangler.json = {\"main\": \"x.ts\", \"rules\": [{\"type\": \"Text\", "
      "\"globs\": "
      "[\"docs/*\"]}]}",
      "functions/a/x.ts = export default {};"},
     "@/functions/a/wrangler.json:1:55: rules: only patterns such as \"**/*.sql\" are understood"},
    {{"functions/a/wrangler.json = {\"main\": \"x.ts\", \"vars\": {\"A-B\": 1}}",
      "functions/a/x.ts = export default {};"},
     "@/functions/a/wrangler.json:1:27: vars: \"A-B\" is not a variable's name"},
    /* entries */
    {{"functions/a/deno.json = {\"exports\": \"./nope.ts\"}"},
     "@/functions/a/deno.json: names an entry that does not exist: ./nope.ts"},
    {{GOOD, "functions/good.ts = Deno.serve(() => new Response());"},
     "@/functions: has two entries, good/index.ts and good.ts (remove one)"},
};

static char *told(struct project *project)
{
    const char *text = project->err.message;
    OT_AUTOFREE char *place = NULL;
    struct ot_buf out = {0};

    if (project->report.diagnostic_count > 0) {
        const struct ot_diagnostic *first = &project->report.diagnostics[0];

        place = ot_asprintf("%s:%u:%u: %s", first->file, first->line, first->column, first->text);
        text = place;
    }
    ot_buf_puts(&out, "");
    for (const char *at = strstr(text, project->dir); at != NULL; at = strstr(text, project->dir)) {
        ot_buf_append(&out, text, (size_t)(at - text));
        ot_buf_putc(&out, '@');
        text = at + strlen(project->dir);
    }
    ot_buf_puts(&out, text);
    return out.data;
}

static void check_broken(const struct broken *broken)
{
    struct project project;
    OT_AUTOFREE char *found = NULL;

    begin(&project);
    for (size_t i = 0; i < ITEMS_MAX && broken->items[i] != NULL; i++) {
        OT_AUTOFREE char *path = ot_strdup(broken->items[i]);
        char *mark = strstr(path, " = ");

        *mark = '\0';
        put(&project, path, mark + 3);
    }
    if (build(&project) == 0)
        fail_msg("builds, expected %s", broken->expected);
    found = told(&project);
    if (strcmp(found, broken->expected) != 0)
        fail_msg("%s\nexpected %s", found, broken->expected);
    assert_int_equal(project.err.kind, OT_FAILED);
    assert_int_equal(access(project.out, F_OK), -1);
    end(&project);
}

static void broken_layouts(void **state)
{
    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++)
        check_broken(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(broken_layouts)};

    return cmocka_run_group_tests(tests, project_setup, project_teardown);
}
