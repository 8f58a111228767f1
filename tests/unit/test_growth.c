/* Which changes give power, and how many must have signed those. */
#include "tests/unit/unit.h"

#include "verify/growth.h"
#include "verify/refusal.h"

#include <string.h>

static char *manifest_text(const char *date, const char *flags, const char *env, const char *config)
{
    return ot_asprintf(
        "{\"schema\":1,\"builder\":{\"onetube\":\"0.1.0\",\"esbuild\":\"0.28.2\",\"options\":{"
        "\"minify\":false,\"sourcemap\":\"none\",\"target\":\"es2024\",\"splitting\":true}},"
        "\"engine\":{\"name\":\"workerd\",\"compatibilityDate\":\"%s\","
        "\"compatibilityFlags\":[%s]},\"env\":[%s],\"functions\":[{\"name\":\"pay\","
        "\"bundleFile\":\"functions/pay.js\",\"bundleBytes\":0,\"bundleSha256\":"
        "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"config\":%s}],"
        "\"files\":[]}",
        date, flags, env, config);
}

struct one {
    const char *date, *flags, *env, *config;
};

static char *text_of(const struct one *one)
{
    return manifest_text(one->date != NULL ? one->date : "2026-01-01",
                         one->flags != NULL ? one->flags : "", one->env != NULL ? one->env : "",
                         one->config != NULL ? one->config : "{}");
}

static const struct {
    struct one before, after;
    bool grows;
} cases[] = {
    {{.config = "{}"}, {.config = "{}"}, false},
    {{.config = "{}"}, {.config = "{\"public\":true}"}, true},
    {{.config = "{\"public\":true}"}, {.config = "{}"}, false},
    {{.env = "\"A\""}, {.env = "\"A\",\"B\""}, true},
    {{.env = "\"A\",\"B\""}, {.env = "\"A\""}, false},
    {{.env = "\"A\""}, {.env = "\"B\""}, true},
    {{.flags = ""}, {.flags = "\"nodejs_compat\""}, true},
    {{.flags = "\"nodejs_compat\""}, {.flags = ""}, true},
    {{.date = "2026-01-01"}, {.date = "2026-02-01"}, true},
    {{.date = "2026-02-01"}, {.date = "2026-01-01"}, true},
    {{.config = "{\"timeoutMs\":5}"}, {.config = "{\"timeoutMs\":6}"}, true},
    {{.config = "{\"timeoutMs\":6}"}, {.config = "{\"timeoutMs\":5}"}, false},
    {{.config = "{\"timeoutMs\":6}"}, {.config = "{}"}, true},
    {{.config = "{}"}, {.config = "{\"timeoutMs\":6}"}, true},
    {{.config = "{\"rpm\":6}"}, {.config = "{\"rpm\":0}"}, true},
    {{.config = "{\"rpm\":0}"}, {.config = "{\"rpm\":6}"}, false},
    {{.config = "{\"memoryMB\":6}"}, {.config = "{\"memoryMB\":7}"}, true},
    {{.config = "{\"replicas\":6}"}, {.config = "{\"replicas\":7}"}, true},
    {{.config = "{}"}, {.config = "{\"cell\":\"shared\"}"}, true},
    {{.config = "{}"}, {.config = "{\"preflight\":\"function\"}"}, true},
    {{.config = "{}"}, {.config = "{\"warm\":true}"}, false},
    {{.config = "{\"ttl\":6}"}, {.config = "{\"ttl\":7}"}, false},
    {{.config = "{\"idleTimeout\":6}"}, {.config = "{\"idleTimeout\":7}"}, false},
    {{.config = "{\"permissions\":{\"net\":[\"a\"]}}"},
     {.config = "{\"permissions\":{\"net\":[\"a\",\"b\"]}}"},
     true},
    {{.config = "{\"permissions\":{\"net\":[\"a\",\"b\"]}}"},
     {.config = "{\"permissions\":{\"net\":[\"a\"]}}"},
     false},
    {{.config = "{\"permissions\":{\"net\":[\"a\"]}}"}, {.config = "{}"}, true},
    {{.config = "{}"}, {.config = "{\"permissions\":{\"net\":[\"a\"]}}"}, false},
    {{.config = "{}"}, {.config = "{\"permissions\":{\"env\":[\"*\"]}}"}, false},
};

static int check(const char *before, const char *after, size_t signed_by, unsigned threshold,
                 struct ot_error *err)
{
    OT_AUTOSTATE struct ot_state *state = ot_alloc(1, sizeof(*state));
    struct ot_manifest *manifest = NULL;
    int done;

    state->exists = before != NULL;
    state->sequence = 7;
    if (before != NULL)
        ot_buf_puts(&state->manifest, before);
    assert_succeeds(ot_manifest_parse(ot_span_of(after), &manifest, err), *err);
    done = ot_growth_check(state, manifest, signed_by, threshold, err);
    ot_manifest_free(manifest);
    return done;
}

static void which_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *before = text_of(&cases[i].before);
        OT_AUTOFREE char *after = text_of(&cases[i].after);
        struct ot_error err = {0};
        int done = check(before, after, 1, 2, &err);

        if ((done < 0) != cases[i].grows)
            fail_msg("case %zu: %s", i, done < 0 ? err.message : "no growth");
        if (done < 0)
            assert_string_equal(err.code, OT_E_POLICY);
        assert_int_equal(check(before, after, 2, 2, &err), 0);
        assert_int_equal(check(before, after, 1, 0, &err), 0);
        assert_int_equal(check(NULL, after, 1, 2, &err), 0); /* nothing to compare with */
    }
}

static void what_it_says(void **state)
{
    OT_AUTOFREE char *before = manifest_text("2026-01-01", "", "\"A\"", "{}");
    OT_AUTOFREE char *after =
        manifest_text("2026-01-01", "", "\"A\",\"B\",\"C\",\"D\",\"E\",\"F\"", "{\"public\":true}");
    struct ot_error err = {0};

    (void)state;
    assert_int_equal(check(before, after, 1, 2, &err), -1);
    assert_string_equal(err.message,
                        "it may do more than sequence 7 did, which was accepted before (env B; env "
                        "C; env D; env E; env F; and 1 more); signed by 1, at least 2 release keys "
                        "must have signed that");
    assert_int_equal(check("{\"schema\":2}", after, 1, 2, &err), -1);
    assert_non_null(strstr(err.message, "cannot read"));
}

static void single_changes(void **state)
{
    static const struct {
        struct ot_power_change change;
        bool grows;
    } rows[] = {
        {{.what = "engine", .direction = OT_POWER_OTHER}, true},
        {{.what = "permissions.net", .direction = OT_POWER_OTHER}, false},
        {{.what = "permissions.net", .direction = OT_POWER_MORE}, true},
        {{.what = "public", .direction = OT_POWER_LESS}, false},
        {{.what = "recycle.maxRequests", .direction = OT_POWER_OTHER}, false},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++)
        assert_int_equal(ot_power_is_growth(&rows[i].change), rows[i].grows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_changes),
        cmocka_unit_test(what_it_says),
        cmocka_unit_test(single_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
