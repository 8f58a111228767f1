#include "tests/unit/unit.h"

#include "build/lock.h"
#include "build/npm_lock.h"

#include <string.h>

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char example[] = "{\n"
                              "  \"schema\": 1,\n"
                              "  \"npm\": [\n"
                              "    {\n"
                              "      \"functions\": [\n"
                              "        \"_shared\",\n"
                              "        \"hello\"\n"
                              "      ],\n"
                              "      \"specifiers\": {\n"
                              "        \"npm:@jsr/std__path@^1\": \"@jsr/std__path\",\n"
                              "        \"npm:ms@2.0.0\": \"ms--2.0.0\"\n"
                              "      },\n"
                              "      \"digests\": {\n"
                              "        \"node_modules/@jsr/std__path\": \"" HASH "\"\n"
                              "      },\n"
                              "      \"lock\": {\n"
                              "        \"name\": \"x\",\n"
                              "        \"empty\": {},\n"
                              "        \"list\": [\n"
                              "          1,\n"
                              "          true,\n"
                              "          \"a, \\\"b\\\" {\"\n"
                              "        ]\n"
                              "      }\n"
                              "    }\n"
                              "  ],\n"
                              "  \"redirects\": {\n"
                              "    \"https://a.example/x\": \"https://a.example/x.ts\"\n"
                              "  },\n"
                              "  \"https\": {\n"
                              "    \"https://a.example/x.ts\": {\n"
                              "      \"sha256\": \"" HASH "\",\n"
                              "      \"bytes\": 0,\n"
                              "      \"contentType\": \"text/plain\"\n"
                              "    },\n"
                              "    \"https://a.example/y.ts\": {\n"
                              "      \"sha256\": \"" HASH "\",\n"
                              "      \"bytes\": 7\n"
                              "    }\n"
                              "  }\n"
                              "}\n";

static void reads_and_writes_the_same_bytes(void **state)
{
    OT_AUTOLOCK struct ot_lock lock = {0};
    OT_AUTOBUF struct ot_buf out = {0};
    const struct ot_lock_group *group;
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(ot_lock_parse(&lock, ot_span_of(example), "l", &err), err);
    ot_lock_write(&lock, &out);
    assert_string_equal(out.data, example);
    group = ot_lock_group(&lock, "hello");
    assert_non_null(group);
    assert_ptr_equal(group, ot_lock_group(&lock, OT_LOCK_SHARED));
    assert_null(ot_lock_group(&lock, "other"));
    assert_string_equal(ot_pairs_get(&group->specifiers, "npm:ms@2.0.0"), "ms--2.0.0");
    assert_null(ot_pairs_get(&group->specifiers, "npm:ms@2.0"));
    assert_string_equal(ot_lock_module(&lock, "https://a.example/x")->content_type, "text/plain");
    assert_ptr_equal(ot_lock_module(&lock, "https://a.example/x"),
                     ot_lock_module(&lock, "https://a.example/x.ts"));
    assert_int_equal(ot_lock_module(&lock, "https://a.example/y.ts")->bytes, 7);
    assert_null(ot_lock_module(&lock, "https://a.example/z.ts"));
}

static void modules_take_their_place(void **state)
{
    OT_AUTOLOCK struct ot_lock lock = {0};
    OT_AUTOBUF struct ot_buf out = {0};
    struct ot_error err = {0};

    (void)state;
    ot_lock_put_module(&lock, "https://a.example/b", OT_SPAN("1"), NULL);
    ot_lock_put_module(&lock, "https://a.example/a", OT_SPAN("2"), "text/javascript");
    ot_lock_put_module(&lock, "https://a.example/c", OT_SPAN("3"), NULL);
    ot_lock_put_module(&lock, "https://a.example/b", OT_SPAN("22"), NULL);
    assert_int_equal(lock.module_count, 3);
    assert_string_equal(lock.modules[0].url, "https://a.example/a");
    assert_int_equal(lock.modules[1].bytes, 2);
    ot_lock_write(&lock, &out);
    ot_lock_free(&lock);
    assert_succeeds(ot_lock_parse(&lock, ot_buf_span(&out), "l", &err), err);
    assert_int_equal(lock.module_count, 3);
}

/* The example with one text instead of another. */
static void replace(struct ot_buf *out, const char *from, const char *to)
{
    const char *at = strstr(example, from);

    assert_non_null(at);
    ot_buf_append(out, example, (size_t)(at - example));
    ot_buf_puts(out, to);
    ot_buf_puts(out, at + strlen(from));
}

static void refuses_what_it_did_not_write(void **state)
{
    static const struct {
        const char *from, *to;
        const char *message;
    } cases[] = {
        {"\"schema\": 1", "\"schema\": 2", "l:2:13: another onetube wrote this lock: schema 2"},
        {"\"schema\": 1,", "", "the key \"schema\" is expected here"},
        {"\"_shared\"", "\"../x\"", "not the name of a function"},
        {"\"hello\"", "\"_shared\"", "not in order"},
        {"\"@jsr/std__path\",", "\"../../etc\",", "not the name of an installed package"},
        {"\"@jsr/std__path\",", "\"a/b\",", "not the name of an installed package"},
        {"\"npm:ms@2.0.0\"", "\"npm:@jsr/std__path@^1\"", "not in order"},
        {"\"npm:ms@2.0.0\"", "\"ms\"", "not in order"},
        {"\"npm:ms@2.0.0\"", "\"npm:ms\"", "not a specifier"},
        {"\"npm:@jsr/std__path@^1\"", "\"npm:\"", "not a specifier"},
        {"\"npm:@jsr/std__path@^1\"", "\"npm:@jsr@^1\"", "not a specifier"},
        {"\"node_modules/@jsr/std__path\": ", "\"node_modules/../x\": ", "not the SHA-256 of a"},
        {"\"node_modules/@jsr/std__path\": ", "\"/etc/passwd\": ", "not the SHA-256 of a"},
        {"\"" HASH "\"", "\"" HASH "0\"", "not the SHA-256 of a"},
        {"\"lock\": {", "\"lock\": [{", "npm's package-lock.json is expected"},
        {"\"https://a.example/x\": ", "\"http://a.example/x\": ", "not an https URL"},
        {": \"https://a.example/x.ts\"", ": \"https://a.example/z.ts\"", "leads to no module"},
        {": \"https://a.example/x.ts\"", ": \"https://a.example/x\"", "leads to no module"},
        {"\"https://a.example/y.ts\"", "\"https://a.example/a/../z.ts\"", "not an https URL"},
        {"\"https://a.example/y.ts\"", "\"https://a.example/a.ts\"", "not in order"},
        {"\"https://a.example/y.ts\"", "\"file:///etc/passwd\"", "not an https URL"},
        {"\"bytes\": 7", "\"bytes\": 20971521", "an integer from 0 to 20971520"},
        {"\"bytes\": 7", "\"bytes\": 7, \"more\": 1", "unknown key"},
        {"\"redirects\"", "\"more\"", "the key \"redirects\" is expected here"},
        {"\"bytes\": 7\n    }\n  }\n}", "\"bytes\": 7\n    }\n  }\n} {}", "nothing may follow"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOLOCK struct ot_lock lock = {0};
        OT_AUTOBUF struct ot_buf text = {0};
        struct ot_error err = {0};

        replace(&text, cases[i].from, cases[i].to);
        assert_int_equal(ot_lock_parse(&lock, ot_buf_span(&text), "l", &err), -1);
        assert_int_equal(err.kind, OT_FAILED);
        if (strncmp(err.message, "l:", 2) != 0 || strstr(err.message, cases[i].message) == NULL)
            fail_msg("%s: %s", cases[i].to, err.message);
        assert_int_equal(lock.group_count + lock.module_count, 0);
    }
}

static void reads_npms_lock(void **state)
{
    static const char text[] =
        "{\"name\":\"x\",\"lockfileVersion\":3,\"packages\":{"
        "\"\":{\"name\":\"x\",\"dependencies\":{\"a\":\"1\"}},"
        "\"node_modules/a\":{\"name\":\"b\",\"version\":\"1.2.3\",\"integrity\":\"sha512-x\","
        "\"os\":[\"linux\"]},"
        "\"node_modules/a/node_modules/@s/c\":{\"version\":\"2.0.0\",\"bin\":{\"c\":\"c.js\"}}}}";
    OT_AUTONPMLOCK struct ot_npm_lock lock = {0};
    const struct ot_npm_package *package;
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(ot_npm_lock_parse(&lock, ot_span_of(text), "p", &err), err);
    assert_int_equal(lock.count, 2);
    assert_string_equal(lock.root, "{\"name\":\"x\",\"dependencies\":{\"a\":\"1\"}}");
    package = ot_npm_lock_at(&lock, "node_modules/a");
    assert_string_equal(package->name, "b");
    assert_string_equal(package->version, "1.2.3");
    assert_string_equal(package->integrity, "sha512-x");
    assert_true(package->platform);
    package = ot_npm_lock_at(&lock, "node_modules/a/node_modules/@s/c");
    assert_string_equal(package->name, "@s/c");
    assert_null(package->integrity);
    assert_false(package->platform);
    assert_null(ot_npm_lock_at(&lock, "node_modules/c"));
}

static void packages_stay_in_node_modules(void **state)
{
    static const char *const wrong[] = {
        "node_modules/..",
        "node_modules/a/..",
        "../node_modules/a",
        "/node_modules/a",
        "node_modules/a/b",
        "node_modules/",
        "node_modules",
        "x",
        "node_modules/a/",
        "node_modules//a",
        "node_modules/.bin",
        "node_modules/@s",
        "node_modules/a/node_modules/../../x",
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(wrong); i++) {
        OT_AUTONPMLOCK struct ot_npm_lock lock = {0};
        OT_AUTOFREE char *text = ot_asprintf("{\"packages\":{\"%s\":{}}}", wrong[i]);
        struct ot_error err = {0};

        if (ot_npm_is_path(ot_span_of(wrong[i])))
            fail_msg("%s is accepted", wrong[i]);
        assert_int_equal(ot_npm_lock_parse(&lock, ot_span_of(text), "p", &err), -1);
        assert_non_null(strstr(err.message, "p:1:14: not a folder of a package"));
    }
    assert_true(ot_npm_is_path(OT_SPAN("node_modules/@s/a/node_modules/b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_the_same_bytes),
        cmocka_unit_test(modules_take_their_place),
        cmocka_unit_test(refuses_what_it_did_not_write),
        cmocka_unit_test(reads_npms_lock),
        cmocka_unit_test(packages_stay_in_node_modules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
