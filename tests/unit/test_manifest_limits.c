/* Manifests as a whole: paths that exclude each other, size and depth. */
#include "tests/unit/manifest_text.h"

#include "verify/layout.h"
#include "verify/manifest.h"
#include "verify/refusal.h"

#include <time.h>

/* "a" and "a/b" cannot both be unpacked, whatever sorts between them. */
static void folders(void **state)
{
    static const struct {
        const char *first, *between, *last;
        bool good;
    } cases[] = {
        {"a", "a-b", "a/b", false},   {"a", "a.b", "a/b/c", false},
        {"a", "a-b/c", "a/b", false}, {"a/b", "a/b-", "a/b/c/d", false},
        {"a", "a-", "a0/b", true},    {"a-/b", "a/b", "ab", true},
        {"a.", "a.-", "a.0", true},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_manifest *manifest = NULL;
        struct ot_error err = {0};
        OT_AUTOFREE char *files = NULL;
        OT_AUTOFREE char *text = NULL;
        OT_AUTOFREE char *plain = replace(
            good, ",\n      \"moduleFiles\": [\"chunks/hello-AB12.js\", \"files/hello/lib.wasm\"]",
            "");
        int result;

        files = ot_asprintf("{\"path\": \"%s\", \"bytes\": 1, \"sha256\": \"" SHA "\"},"
                            "{\"path\": \"%s\", \"bytes\": 1, \"sha256\": \"" SHA "\"},"
                            "{\"path\": \"%s\", \"bytes\": 1, \"sha256\": \"" SHA "\"}\n  ]\n}\n",
                            cases[i].first, cases[i].between, cases[i].last);
        *strstr(plain, "{\"path\"") = '\0';
        text = ot_asprintf("%s%s", plain, files);
        result = ot_manifest_parse(ot_span_of(text), &manifest, &err);
        ot_manifest_free(manifest);
        if ((result == 0) != cases[i].good)
            fail_msg("case %zu: %s", i, result == 0 ? "accepted" : err.message);
        if (result < 0)
            assert_string_equal(err.code, OT_E_MANIFEST);
    }
}

/* A manifest with many functions and files; `sorted_by_case` puts a twin far from its pair. */
static void make_large(struct ot_buf *out, size_t functions, size_t files, bool twin)
{
    const char *start = strstr(good, "  \"functions\"");

    ot_buf_append(out, good, (size_t)(start - good));
    ot_buf_puts(out, "\"functions\": [");
    if (twin)
        ot_buf_puts(out, "{\"name\": \"F00007\", \"bundleFile\": \"A\", \"bundleBytes\": 1, "
                         "\"bundleSha256\": \"" SHA "\", \"config\": {}},");
    for (size_t i = 0; i < functions; i++)
        ot_buf_printf(out,
                      "%s\n{\"name\": \"f%05zu\", \"bundleFile\": \"functions/f%05zu.js\", "
                      "\"bundleBytes\": 1, \"bundleSha256\": \"" SHA "\", \"config\": {}}",
                      i > 0 ? "," : "", i, i);
    ot_buf_puts(out, "],\n\"files\": [");
    for (size_t i = 0; i < files; i++)
        ot_buf_printf(out, "%s{\"path\":\"f/%06zu/x\",\"bytes\":1,\"sha256\":\"" SHA "\"}\n",
                      i > 0 ? "," : "", i);
    ot_buf_puts(out, "]}");
}

static void large(void **state)
{
    static const struct {
        size_t functions, files;
        bool twin, good;
    } cases[] = {
        {400, 60000, false, true},  {400, 65136, false, true},
        {400, 65137, false, false}, /* one more than 65,536 members */
        {20000, 0, false, true},    {20000, 0, true, false},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOBUF struct ot_buf text = {0};
        struct ot_manifest *manifest = NULL;
        struct ot_error err = {0};
        clock_t start;
        int result;

        make_large(&text, cases[i].functions, cases[i].files, cases[i].twin);
        start = clock();
        result = ot_manifest_parse(ot_buf_span(&text), &manifest, &err);
        if (clock() - start > 2 * CLOCKS_PER_SEC)
            fail_msg("case %zu: took more than two seconds", i);
        if ((result == 0) != cases[i].good)
            fail_msg("case %zu: %s", i, result == 0 ? "accepted" : err.message);
        if (result == 0)
            assert_int_equal(manifest->member_count, cases[i].functions + cases[i].files);
        ot_manifest_free(manifest);
    }
}

static void too_large(void **state)
{
    size_t size = (size_t)OT_MANIFEST_MAX + 1;
    OT_AUTOFREE char *text = ot_alloc(size, 1);
    struct ot_manifest *manifest = NULL;
    struct ot_error err = {0};

    (void)state;
    memset(text, ' ', size);
    memcpy(text, good, strlen(good));
    assert_succeeds(ot_manifest_parse((struct ot_span){text, size - 1}, &manifest, &err), err);
    ot_manifest_free(manifest);
    assert_int_equal(ot_manifest_parse((struct ot_span){text, size}, &manifest, &err), -1);
    assert_string_equal(err.code, OT_E_MANIFEST);
}

static void depth(void **state)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_manifest *manifest = NULL;
    struct ot_error err = {0};

    (void)state;
    ot_buf_puts(&text, "{\"schema\":");
    for (int i = 0; i < 100000; i++)
        ot_buf_putc(&text, '[');
    assert_int_equal(ot_manifest_parse(ot_buf_span(&text), &manifest, &err), -1);
    assert_string_equal(err.code, OT_E_MANIFEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders),
        cmocka_unit_test(large),
        cmocka_unit_test(too_large),
        cmocka_unit_test(depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
