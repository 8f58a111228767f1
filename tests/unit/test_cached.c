/*
 * Projects made by chance, changed by chance, built with and without a cache: always the same
 * bytes. What is varied is what decides how outputs depend on each other: which functions share
 * which modules, what they use of them, import(), CommonJS, top-level await, side effects.
 */
#include "tests/unit/project.h"

#include "build/record.h"

#include <stdio.h>
#include <time.h>

#define SHARED 4u
#define EXPORTS 4u

struct chance {
    uint64_t state;
};

/* 0 to `below` - 1 (xorshift64). */
static unsigned pick(struct chance *chance, unsigned below)
{
    chance->state ^= chance->state << 13;
    chance->state ^= chance->state >> 7;
    chance->state ^= chance->state << 17;
    return (unsigned)(chance->state >> 16) % below;
}

static void put_shared(struct project *project, struct chance *chance, unsigned index)
{
    OT_AUTOFREE char *path = ot_asprintf("functions/_shared/s%u.ts", index);
    OT_AUTOBUF struct ot_buf text = {0};

    if (index > 0 && pick(chance, 2) == 0)
        ot_buf_puts(
            &text,
            "import { e1 as first } from \"./s0.ts\";\nexport const more = () => first();\n");
    if (pick(chance, 3) == 0)
        ot_buf_puts(&text, "import p from \"npm:old\";\nexport const old = () => p;\n");
    for (unsigned i = 0; i < EXPORTS; i++) {
        if (pick(chance, 2) == 0)
            ot_buf_printf(&text, "export function e%u() { return %u; }\n", i, pick(chance, 99));
        else
            ot_buf_printf(&text, "export const e%u = async () => \"%u\";\n", i, pick(chance, 99));
    }
    if (pick(chance, 3) == 0)
        ot_buf_printf(&text, "console.log(%u);\n", pick(chance, 99));
    put(project, path, text.data);
}

static void put_function(struct project *project, struct chance *chance, unsigned index)
{
    OT_AUTOFREE char *path = ot_asprintf("functions/f%u/index.ts", index);
    OT_AUTOFREE char *own = ot_asprintf("functions/f%u/own.ts", index);
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf body = {0};

    for (unsigned i = 0; i < SHARED; i++) {
        unsigned a = pick(chance, EXPORTS), b = pick(chance, EXPORTS);

        if (pick(chance, 5) > 1)
            continue;
        ot_buf_printf(&text, "import { e%u as a%u, e%u as b%u } from \"../_shared/s%u.ts\";\n", a,
                      i, b, i, i);
        ot_buf_printf(&body, " + a%u()", i);
        if (pick(chance, 2) == 0)
            ot_buf_printf(&body, " + b%u()", i);
    }
    if (pick(chance, 4) == 0)
        ot_buf_puts(&text, "import old from \"npm:old\";\nconsole.log(old);\n");
    if (pick(chance, 4) == 0) {
        put(project, own, "import { e2 } from \"../_shared/s0.ts\";\nexport const own = e2();\n");
        ot_buf_puts(&text, "import { own } from \"./own.ts\";\n");
        ot_buf_puts(&body, " + own");
    }
    if (pick(chance, 6) == 0)
        ot_buf_printf(&body, " + (await import(\"../_shared/s%u.ts\")).e0", pick(chance, SHARED));
    if (pick(chance, 10) == 0)
        ot_buf_puts(&text, "await 0;\n");
    ot_buf_printf(&text, "Deno.serve(async () => new Response(\"%u\"%s));\n", pick(chance, 999),
                  body.len > 0 ? body.data : "");
    put(project, path, text.data);
}

/* An edit that leaves alone what is imported. */
static void edit(struct project *project, struct chance *chance, unsigned index)
{
    OT_AUTOFREE char *path = ot_asprintf("functions/f%u/index.ts", index);
    OT_AUTOFREE char *full = ot_asprintf("%s/%s", project->dir, path);
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error err = {0};

    assert_succeeds(ot_read_file(full, 1u << 20, &text, &err), err);
    ot_buf_printf(&text, "console.log(%u);\n", pick(chance, 9999));
    put(project, path, text.data);
}

/* What changes in the moment in which a build begins is not kept by it. */
static void wait_a_moment(void)
{
    const struct timespec moment = {0, 20000000};

    nanosleep(&moment, NULL);
}

/* How many functions were bundled. */
static size_t build_both(struct project *project)
{
    char with[OT_SHA256_HEX], without[OT_SHA256_HEX];
    size_t bundled = 0, warnings;

    wait_a_moment();
    project->options.cache = true;
    build_well(project);
    memcpy(with, project->report.manifest_sha256, sizeof(with));
    for (size_t i = 0; i < project->report.function_count; i++)
        bundled += !project->report.functions[i].cached;
    warnings = project->report.diagnostic_count;
    project->options.cache = false;
    build_well(project);
    memcpy(without, project->report.manifest_sha256, sizeof(without));
    assert_string_equal(with, without);
    assert_int_equal(warnings, project->report.diagnostic_count);
    return bundled;
}

static void run(uint64_t seed, unsigned functions, bool minify, enum ot_sourcemap sourcemap,
                bool splitting, size_t *partial)
{
    struct chance chance = {seed * 0x9e3779b97f4a7c15u};
    struct project project;
    OT_AUTOFREE char *state = NULL;

    begin(&project);
    state = ot_asprintf("%s/state", project.dir);
    setenv("XDG_STATE_HOME", state, 1);
    project.options.minify = minify;
    project.options.sourcemap = sourcemap;
    project.options.splitting = splitting;
    put(&project, "node_modules/old/index.js", "module.exports = 1;");
    for (unsigned i = 0; i < SHARED; i++)
        put_shared(&project, &chance, i);
    for (unsigned i = 0; i < functions; i++)
        put_function(&project, &chance, i);
    assert_int_equal(build_both(&project), functions);
    for (unsigned round = 0; round < 10; round++) {
        unsigned what = pick(&chance, 10);
        size_t bundled;

        if (what < 6)
            edit(&project, &chance, pick(&chance, functions));
        else if (what < 9)
            put_function(&project, &chance, pick(&chance, functions));
        else
            put_shared(&project, &chance, pick(&chance, SHARED));
        bundled = build_both(&project);
        *partial += bundled > 0 && bundled < functions;
    }
    end(&project);
}

static void always_the_same_bytes(void **state)
{
    size_t partial = 0;

    (void)state;
    run(1, 9, false, OT_SOURCEMAP_NONE, true, &partial);
    run(2, 12, true, OT_SOURCEMAP_NONE, true, &partial);
    run(3, 8, true, OT_SOURCEMAP_LINKED, true, &partial);
    run(4, 6, false, OT_SOURCEMAP_INLINE, true, &partial);
    run(5, 5, true, OT_SOURCEMAP_NONE, false, &partial);
    assert_true(partial > 10); /* or nothing was tested */
}

/* -- records ----------------------------------------------------------------------------------- */

static void fill(struct ot_record *record)
{
    static char files[] = "functions/a.js";
    const uint64_t users[] = {1};

    record->functions = ot_alloc(1, sizeof(*record->functions));
    record->function_count = record->facts.functions = 1;
    record->functions[0].name = ot_strdup("a");
    memset(record->functions[0].entry, 'a', OT_SHA256_HEX - 1);
    memset(record->functions[0].settings, 'b', OT_SHA256_HEX - 1);
    record->functions[0].top_level_await = true;
    ot_facts_put(&record->facts, OT_FACT_ENTRY, "/x", OT_SPAN("d"), users);
    ot_list_add(&record->bundle.notes, "a/index.ts\na note");
    ot_lookups_add(&record->bundle.lookups, OT_SPAN("a/index.ts"), OT_SPAN("/y"), OT_SPAN("z"),
                   true);
    record->bundle.files = ot_alloc(1, sizeof(*record->bundle.files));
    record->bundle.files[record->bundle.file_count++] =
        (struct ot_bundle_file){ot_span_of(files), {NULL, 7}};
    record->packs = ot_alloc(1, sizeof(*record->packs));
    memset(record->packs[0].sha256, 'c', OT_SHA256_HEX - 1);
    record->packs[record->pack_count++].data.len = 10;
    record->places = ot_alloc(1, sizeof(*record->places));
    record->places[0].offset = 3;
    record->diagnostics = ot_alloc(1, sizeof(*record->diagnostics));
    record->diagnostics[record->diagnostic_count++] =
        (struct ot_diagnostic){.text = ot_strdup("a warning"), .line = 3};
}

static void records(void **state)
{
    OT_AUTORECORD struct ot_record record = {0};
    OT_AUTOBUF struct ot_buf bytes = {0};

    (void)state;
    fill(&record);
    assert_true(ot_record_write(&record, &bytes));
    for (size_t len = 0; len <= bytes.len; len++) {
        OT_AUTORECORD struct ot_record again = {0};
        OT_AUTOBUF struct ot_buf exact = {0};

        ot_buf_append(&exact, bytes.data, len);
        assert_int_equal(ot_record_read(&again, ot_buf_span(&exact)), len == bytes.len);
        if (len < bytes.len)
            continue;
        assert_string_equal(again.functions[0].name, "a");
        assert_true(again.functions[0].top_level_await);
        assert_string_equal(again.functions[0].settings, record.functions[0].settings);
        assert_string_equal(again.facts.items[0].path, "/x");
        assert_string_equal(again.facts.items[0].state, "d");
        assert_string_equal(again.bundle.notes.items[0], "a/index.ts\na note");
        assert_string_equal(again.bundle.lookups.items[0].target, "z");
        assert_true(again.bundle.lookups.items[0].entry);
        assert_int_equal(again.bundle.files[0].data.len, 7);
        assert_int_equal(again.places[0].pack, 0);
        assert_int_equal(again.places[0].offset, 3);
        assert_string_equal(again.packs[0].sha256, record.packs[0].sha256);
        assert_int_equal(again.packs[0].data.len, 10);
        assert_null(again.diagnostics[0].file);
        assert_int_equal(again.diagnostics[0].line, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_the_same_bytes),
        cmocka_unit_test(records),
    };

    return cmocka_run_group_tests(tests, project_setup, project_teardown);
}
