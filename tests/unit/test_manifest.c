#include "tests/unit/manifest_text.h"

#include "verify/layout.h"
#include "verify/manifest.h"
#include "verify/refusal.h"

static void everything(void **state)
{
    struct ot_manifest *manifest;
    const struct ot_function *hello;
    const struct ot_function_config *config;
    struct ot_error err;

    (void)state;
    assert_succeeds(ot_manifest_parse(ot_span_of(good), &manifest, &err), err);
    assert_string_equal(manifest->builder_onetube, "0.1.0");
    assert_string_equal(manifest->builder_esbuild, "0.28.2");
    assert_false(manifest->minify);
    assert_true(manifest->splitting);
    assert_string_equal(manifest->sourcemap, "linked");
    assert_string_equal(manifest->target, "es2024");
    assert_string_equal(manifest->compatibility_date, "2026-01-01");
    assert_int_equal(manifest->compatibility_flags.count, 2);
    assert_string_equal(manifest->compatibility_flags.items[1], "allow_eval");
    assert_int_equal(manifest->env.count, 2);
    assert_int_equal(manifest->function_count, 2);
    assert_int_equal(manifest->member_count, 4);
    assert_string_equal(manifest->members[0].path, "chunks/hello-AB12.js");
    assert_string_equal(manifest->members[3].path, "functions/hello.js");
    hello = ot_manifest_function(manifest, OT_SPAN("hello"));
    assert_ptr_equal(hello, &manifest->functions[1]);
    assert_null(ot_manifest_function(manifest, OT_SPAN("echo")));
    assert_ptr_equal(hello->bundle, &manifest->members[3]);
    assert_int_equal(hello->module_count, 2);
    assert_ptr_equal(hello->modules[0], &manifest->members[0]);
    assert_ptr_equal(hello->modules[1], &manifest->members[1]);
    assert_ptr_equal(ot_manifest_member(manifest, OT_SPAN("files/hello/lib.wasm")),
                     &manifest->members[1]);
    assert_null(ot_manifest_member(manifest, OT_SPAN("files/hello")));
    config = &hello->config;
    assert_true(config->is_public && config->warm);
    assert_int_equal(config->timeout_ms, 5000);
    assert_int_equal(config->rpm, 60);
    assert_true(config->isolate);
    assert_int_equal(config->rate_limit_by, OT_BY_IP);
    assert_int_equal(config->preflight, OT_PREFLIGHT_GATEWAY);
    assert_false(ot_function_answers_preflights(config));
    assert_int_equal(config->memory_mb, 64);
    assert_int_equal(config->cpu_ms, 50);
    assert_int_equal(config->min_replicas, 2);
    assert_int_equal(config->replicas, 4);
    assert_string_equal(config->cell, "shop");
    assert_int_equal(config->ttl_s, 0);
    assert_int_equal(config->idle_timeout_s, 60);
    assert_int_equal(config->max_concurrency, 10);
    assert_int_equal(config->max_requests, 9);
    assert_int_equal(config->error_rate_thousandths, 500);
    assert_int_equal(config->error_window, 20);
    assert_int_equal(config->cooldown_ms, 30000);
    assert_int_equal(config->net.list.count, 2);
    assert_true(config->write.given);
    assert_int_equal(config->write.list.count, 0);
    config = &manifest->functions[0].config;
    assert_false(config->is_public || config->warm || config->net.given || config->env.given);
    assert_false(config->isolate);
    assert_int_equal(config->rate_limit_by, OT_BY_UNSET);
    assert_int_equal(config->preflight, OT_PREFLIGHT_UNSET);
    assert_true(config->timeout_ms == OT_UNSET && config->rpm == OT_UNSET &&
                config->memory_mb == OT_UNSET && config->cooldown_ms == OT_UNSET);
    assert_true(config->cpu_ms == OT_UNSET && config->replicas == OT_UNSET &&
                config->ttl_s == OT_UNSET && config->idle_timeout_s == OT_UNSET &&
                config->max_concurrency == OT_UNSET && config->cell[0] == '\0');
    ot_manifest_free(manifest);
}

/* Sizes 513, 0, 80 and 125 behind a manifest of known length. */
static void offsets(void **state)
{
    struct ot_manifest *manifest;
    uint64_t first = OT_MANIFEST_OFFSET + ot_padded(strlen(good)) + OT_BLOCK;
    struct ot_error err;

    (void)state;
    assert_succeeds(ot_manifest_parse(ot_span_of(good), &manifest, &err), err);
    assert_int_equal(manifest->members[0].offset, first);
    assert_int_equal(manifest->members[1].offset, first + 1024 + 512);
    assert_int_equal(manifest->members[2].offset, first + 1024 + 1024);
    assert_int_equal(manifest->members[3].offset, first + 1024 + 1024 + 1024);
    assert_int_equal(manifest->payload_size, first + 1024 + 1024 + 1024 + 512 + 1024);
    ot_manifest_free(manifest);
}

#define A50 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define A100 A50 A50

struct change {
    const char *from, *to, *code; /* code NULL: accepted */
};

static void run_changes(const struct change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        OT_AUTOFREE char *text = replace(good, changes[i].from, changes[i].to);
        struct ot_manifest *manifest = NULL;
        struct ot_error err = {0};
        int result = ot_manifest_parse(ot_span_of(text), &manifest, &err);

        ot_manifest_free(manifest);
        if (result == 0 && changes[i].code == NULL)
            continue;
        if (result == 0 || changes[i].code == NULL || err.kind != OT_REFUSED ||
            strcmp(err.code, changes[i].code) != 0)
            fail_msg("change %zu, '%s' to '%s': %s: %s", i, changes[i].from, changes[i].to,
                     result == 0 ? "accepted" : err.code, err.message);
        assert_int_equal(strncmp(err.message, "manifest.json: ", 15), 0);
    }
}

static void accepted(void **state)
{
    static const struct change changes[] = {
        {", \"splitting\": true", "", NULL},
        {"\"splitting\": true", "\"splitting\": false", NULL},
        {"linked", "none", NULL},
        {"linked", "inline", NULL},
        {"[\"nodejs_compat\", \"allow_eval\"]", "[]", NULL},
        {"[\"GREETING\", \"TOKEN\"]", "[]", NULL},
        {"2026-01-01", "2024-02-29", NULL},
        {"\"bundleBytes\": 80", "\"bundleBytes\": 0", NULL},
        {"\"bundleBytes\": 80", "\"bundleBytes\": 8589934591", NULL},
        {"functions/Echo.js", "z", NULL},
        {"functions/Echo.js", A100, NULL},
        {"functions/Echo.js", A50 "/" A100, NULL},
        {"functions/Echo.js", "functions/Echo.js.map", NULL},
        {"functions/Echo.js", "..a/b..c/...", NULL},
        {"\"Echo\"", "\"E-_9\"", NULL},
        {"\"Echo\"", "\"\\u0045cho\"", NULL}, /* the spelling is the statement's digest's concern */
        {"\"context\": \"isolate\", ", "", NULL},
        {"\"timeoutMs\": 5000, ", "", NULL},
        {"\"timeoutMs\": 5000", "\"timeoutMs\": 0", NULL},
        {"\"timeoutMs\": 5000", "\"timeoutMs\": 2147483647", NULL},
        {"\"rpm\": 60", "\"rpm\": 0", NULL},
        {"\"ip\"", "\"identity\"", NULL},
        {"\"ip\"", "\"global\"", NULL},
        {"\"maxRequests\": 9, ", "", NULL},
        {"hs\": 500", "hs\": 0", NULL},
        {"hs\": 500", "hs\": 1000", NULL},
        {"\"env\": [\"GREETING\"]", "\"env\": [\"*\"]", NULL},
        {"\"net\": [\"api.a.org\", \"b.org\"], ", "", NULL},
        {"\"./data\"", "\"./d\xc3\xa4ta\"", NULL},
        {",\n      \"moduleFiles\": [\"chunks/hello-AB12.js\", \"files/hello/lib.wasm\"]", "",
         NULL},
        {"[\"chunks/hello-AB12.js\", \"files/hello/lib.wasm\"]", "[]", NULL},
        {"[\"chunks/hello-AB12.js\", \"files/hello/lib.wasm\"]", "[\"files/hello/lib.wasm\"]",
         NULL},
        {"  ]\n}\n", "]}", NULL},
    };

    (void)state;
    run_changes(changes, OT_COUNT(changes));
}

static void refused_top(void **state)
{
    static const struct change changes[] = {
        {"\"schema\": 1", "\"schema\": 0", OT_E_SCHEMA},
        {"\"schema\": 1", "\"schema\": 2", OT_E_SCHEMA},
        {"\"schema\": 1", "\"schema\": 18446744073709551615", OT_E_SCHEMA},
        {"\"schema\": 1", "\"schema\": 18446744073709551616", OT_E_MANIFEST},
        {"\"schema\": 1", "\"schema\": \"1\"", OT_E_MANIFEST},
        {"\"schema\": 1", "\"schema\": 1.0", OT_E_MANIFEST},
        {"\"schema\": 1", "\"schema\": 01", OT_E_MANIFEST},
        {"\"schema\": 1", "\"schema\": +1", OT_E_MANIFEST},
        {"\"schema\": 1", "\"schema\": true", OT_E_MANIFEST},
        {"\"schema\": 1,", "", OT_E_MANIFEST},
        {"\"schema\": 1", "\"Schema\": 1", OT_E_MANIFEST},
        {"\"schema\": 1", "\"schema\": 1, \"schema\": 1", OT_E_MANIFEST},
        {"\"schema\": 1", "\"x\": 1, \"schema\": 1", OT_E_MANIFEST},
        {"\"builder\"", "\"builders\"", OT_E_MANIFEST},
        {"\"0.1.0\"", "\"\"", OT_E_MANIFEST},
        {"\"0.1.0\"", "null", OT_E_MANIFEST},
        {"\"0.1.0\"", "\"0.1.0\\n\"", OT_E_MANIFEST},
        {"\"0.1.0\"", "\"" A100 A50 "\"", OT_E_MANIFEST},
        {"\"onetube\": \"0.1.0\",", "", OT_E_MANIFEST},
        {"\"esbuild\": \"0.28.2\",", "", OT_E_MANIFEST},
        {"\"esbuild\": \"0.28.2\",", "\"esbuild\": \"0.28.2\", \"host\": \"x\",", OT_E_MANIFEST},
        {"\"0.28.2\"", "28", OT_E_MANIFEST},
        {"\"minify\": false", "\"minify\": 0", OT_E_MANIFEST},
        {"\"minify\": false", "\"minify\": \"false\"", OT_E_MANIFEST},
        {"\"minify\": false, ", "", OT_E_MANIFEST},
        {"\"minify\": false, \"sourcemap\": \"linked\"",
         "\"sourcemap\": \"linked\", \"minify\": false", OT_E_MANIFEST},
        {"linked", "external", OT_E_MANIFEST},
        {"linked", "", OT_E_MANIFEST},
        {"linked", "Linked", OT_E_MANIFEST},
        {"\"es2024\"", "\"\"", OT_E_MANIFEST},
        {"\"es2024\"", "[\"es2024\"]", OT_E_MANIFEST},
        {"\"splitting\": true", "\"splitting\": 1", OT_E_MANIFEST},
        {"\"splitting\": true", "\"split\": true", OT_E_MANIFEST},
        {"\"splitting\": true", "\"splitting\": true, \"x\": 1", OT_E_MANIFEST},
        {"\"workerd\"", "\"deno\"", OT_E_ENGINE},
        {"\"workerd\"", "\"Workerd\"", OT_E_ENGINE},
        {"\"workerd\"", "\"\"", OT_E_ENGINE},
        {"\"workerd\"", "\"workerd\\u0000\"", OT_E_MANIFEST},
        {"\"workerd\"", "1", OT_E_MANIFEST},
        {"\"name\": \"workerd\",", "", OT_E_MANIFEST},
        {"2026-01-01", "2026-02-29", OT_E_MANIFEST},
        {"2026-01-01", "2026-13-01", OT_E_MANIFEST},
        {"2026-01-01", "2026-1-1", OT_E_MANIFEST},
        {"2026-01-01", "", OT_E_MANIFEST},
        {"2026-01-01", "2026-01-01T00:00:00Z", OT_E_MANIFEST},
        {"\"nodejs_compat\"", "\"Nodejs\"", OT_E_MANIFEST},
        {"\"nodejs_compat\"", "\"\"", OT_E_MANIFEST},
        {"\"nodejs_compat\"", "\"a b\"", OT_E_MANIFEST},
        {"\"nodejs_compat\"", "1", OT_E_MANIFEST},
        {"\"nodejs_compat\"", "\"allow_eval\"", OT_E_MANIFEST},
        {"\"allow_eval\"]", "\"allow_eval\"], \"x\": 1", OT_E_MANIFEST},
        {"\"allow_eval\"]", "\"allow_eval\",]", OT_E_MANIFEST},
        {"\"GREETING\", \"TOKEN\"", "\"TOKEN\", \"GREETING\"", OT_E_MANIFEST},
        {"\"GREETING\", \"TOKEN\"", "\"TOKEN\", \"TOKEN\"", OT_E_MANIFEST},
        {"\"GREETING\", \"TOKEN\"", "\"9A\"", OT_E_MANIFEST},
        {"\"GREETING\", \"TOKEN\"", "\"A=B\"", OT_E_MANIFEST},
        {"\"GREETING\", \"TOKEN\"", "\"\"", OT_E_MANIFEST},
        {"\"GREETING\", \"TOKEN\"", "\"*\"", OT_E_MANIFEST},
        {"\"GREETING\", \"TOKEN\"", "[\"A\"]", OT_E_MANIFEST},
        {"\"env\": [\"GREETING\", \"TOKEN\"],", "", OT_E_MANIFEST},
        {"\"env\": [\"GREETING\", \"TOKEN\"]", "\"env\": {}", OT_E_MANIFEST},
        {"  ]\n}\n", "  ]\n}\n{}", OT_E_MANIFEST},
        {"  ]\n}\n", "  ]\n}\n,", OT_E_MANIFEST},
        {"  ]\n}\n", "  ]\n", OT_E_MANIFEST},
        {"  ]\n}\n", "  ],\n}\n", OT_E_MANIFEST},
        {"  ]\n}\n", "  ], \"signature\": \"\"}\n", OT_E_MANIFEST},
        {"{\n  \"schema\"", "[\n  \"schema\"", OT_E_MANIFEST},
        {"{\n  \"schema\"", "\xef\xbb\xbf{\n  \"schema\"", OT_E_MANIFEST},
        {"{\n  \"schema\"", "// comment\n{\n  \"schema\"", OT_E_MANIFEST},
        {good, "", OT_E_MANIFEST},
        {good, "null", OT_E_MANIFEST},
    };

    (void)state;
    run_changes(changes, OT_COUNT(changes));
}

#define FLAGS "\"allow_eval\"]"
#define BINARY(path, rest)                                                                         \
    FLAGS ", \"binary\": {\"path\": \"" path "\", \"bytes\": 9, \"sha256\": \"" SHA "\"" rest "}"
#define X86 ", \"architecture\": \"x86_64\""

/* It is a member that functions cannot have. */
static void engine_binary(void **state)
{
    static const struct change changes[] = {
        {FLAGS, BINARY("engine/workerd", X86), NULL},
        {FLAGS, BINARY("engine/workerd", ", \"architecture\": \"aarch64\""), NULL},
        {FLAGS, BINARY("engine/workerd", ", \"architecture\": \"arm64\""), OT_E_MANIFEST},
        {FLAGS, BINARY("engine/workerd", ", \"architecture\": \"\""), OT_E_MANIFEST},
        {FLAGS, BINARY("engine/workerd", ""), OT_E_MANIFEST},
        {FLAGS, BINARY("engine/workerd", X86 ", \"x\": 1"), OT_E_MANIFEST},
        {FLAGS, BINARY("engine/workerd", X86) ", \"x\": 1", OT_E_MANIFEST},
        {FLAGS, BINARY("engine/other", X86), OT_E_MANIFEST},
        {FLAGS, BINARY("../engine/workerd", X86), OT_E_MANIFEST},
        {FLAGS, BINARY("functions/Echo.js", X86), OT_E_MANIFEST},
        {FLAGS, FLAGS ", \"binary\": null", OT_E_MANIFEST},
        {FLAGS, FLAGS ", \"binary\": {}", OT_E_MANIFEST},
    };
    static const struct change names[] = {
        {"functions/Echo.js", "engine/workerd", OT_E_MANIFEST},
        {"functions/Echo.js", "engine/workerd/x", OT_E_MANIFEST},
        {"functions/Echo.js", "engine", OT_E_MANIFEST},
        {"[\"chunks/hello-AB12.js\", ", "[\"engine/workerd\", ", OT_E_MANIFEST},
        {"{\"path\": \"files/hello/lib.wasm", "{\"path\": \"engine/workerd", OT_E_MANIFEST},
    };
    OT_AUTOFREE char *text = replace(good, FLAGS, BINARY("engine/workerd", X86));
    struct ot_manifest *manifest;
    struct ot_error err;

    (void)state;
    run_changes(changes, OT_COUNT(changes));
    for (size_t i = 0; i < OT_COUNT(names); i++) {
        OT_AUTOFREE char *bad = replace(text, names[i].from, names[i].to);

        assert_int_equal(ot_manifest_parse(ot_span_of(bad), &manifest, &err), -1);
        assert_string_equal(err.code, OT_E_MANIFEST);
    }
    assert_succeeds(ot_manifest_parse(ot_span_of(text), &manifest, &err), err);
    assert_string_equal(manifest->engine->path, OT_ENGINE_PATH);
    assert_int_equal(manifest->engine->size, 9);
    assert_string_equal(manifest->architecture, "x86_64");
    assert_int_equal(manifest->member_count, 5);
    ot_manifest_free(manifest);
    assert_succeeds(ot_manifest_parse(ot_span_of(good), &manifest, &err), err);
    assert_null(manifest->engine);
    ot_manifest_free(manifest);
}

static void refused_functions(void **state)
{
    static const struct change changes[] = {
        {"\"Echo\"", "\"zebra\"", OT_E_MANIFEST}, /* order */
        {"\"Echo\"", "\"hello\"", OT_E_MANIFEST}, /* twice */
        {"\"Echo\"", "\"Hello\"", OT_E_MANIFEST}, /* case twin */
        {"\"Echo\"", "\"HELLO\"", OT_E_MANIFEST},
        {"\"Echo\"", "\"\"", OT_E_MANIFEST},
        {"\"Echo\"", "\"9\"", OT_E_MANIFEST},
        {"\"Echo\"", "\"-a\"", OT_E_MANIFEST},
        {"\"Echo\"", "\"a.b\"", OT_E_MANIFEST},
        {"\"Echo\"", "\"a/b\"", OT_E_MANIFEST},
        {"\"Echo\"", "\"../x\"", OT_E_MANIFEST},
        {"\"Echo\"", "\"E\xc3\xa9\"", OT_E_MANIFEST},
        {"\"Echo\"", "\"" A50 "bbbbbbbbbbbbbb\"", OT_E_MANIFEST}, /* 64 */
        {"\"Echo\"", "\"Echo\\u0000\"", OT_E_MANIFEST},
        {"\"Echo\"", "\"Echo\", \"name\": \"Echo\"", OT_E_MANIFEST},
        {"\"name\": \"Echo\",", "", OT_E_MANIFEST},
        {"functions/Echo.js", "", OT_E_MANIFEST},
        {"functions/Echo.js", "/functions/Echo.js", OT_E_MANIFEST},
        {"functions/Echo.js", "functions/../Echo.js", OT_E_MANIFEST},
        {"functions/Echo.js", "./Echo.js", OT_E_MANIFEST},
        {"functions/Echo.js", "functions//Echo.js", OT_E_MANIFEST},
        {"functions/Echo.js", "functions/", OT_E_MANIFEST},
        {"functions/Echo.js", "functions\\\\Echo.js", OT_E_MANIFEST},
        {"functions/Echo.js", "fun ctions", OT_E_MANIFEST},
        {"functions/Echo.js", "C:Echo.js", OT_E_MANIFEST},
        {"functions/Echo.js", "signatures", OT_E_MANIFEST},
        {"functions/Echo.js", "statement.json", OT_E_MANIFEST},
        {"functions/Echo.js", "manifest.json", OT_E_MANIFEST},
        {"functions/Echo.js", A100 "a", OT_E_MANIFEST},             /* no place to split */
        {"functions/Echo.js", A50 "/" A100 "a", OT_E_MANIFEST},     /* 101 behind it */
        {"functions/Echo.js", A100 "/" A50 "/" A50, OT_E_MANIFEST}, /* 202 */
        {"functions/Echo.js", "functions/hello.js", OT_E_MANIFEST},
        {"functions/Echo.js", "chunks/hello-AB12.js", OT_E_MANIFEST},
        {"functions/Echo.js", "functions", OT_E_MANIFEST}, /* also a folder */
        {"functions/Echo.js", "chunks", OT_E_MANIFEST},
        {"functions/Echo.js", "files/hello", OT_E_MANIFEST},
        {"functions/Echo.js", "functions/hello.js/Echo.js", OT_E_MANIFEST},
        {"\"bundleBytes\": 80", "\"bundleBytes\": 8589934592", OT_E_MANIFEST},
        {"\"bundleBytes\": 80", "\"bundleBytes\": -1", OT_E_MANIFEST},
        {"\"bundleBytes\": 80", "\"bundleBytes\": 80.5", OT_E_MANIFEST},
        {"\"bundleBytes\": 80", "\"bundleBytes\": 8e1", OT_E_MANIFEST},
        {"\"bundleBytes\": 80", "\"bundleBytes\": \"80\"", OT_E_MANIFEST},
        {"\"bundleBytes\": 80", "\"bundleBytes\": 080", OT_E_MANIFEST},
        {"\"bundleBytes\": 80", "\"bundleBytes\": null", OT_E_MANIFEST},
        {"\"bundleBytes\": 80", "\"bundleBytes\": 99999999999999999999999999", OT_E_MANIFEST},
        {"\"bundleBytes\": 80,\n      \"bundleSha256\": \"" SHA "\"",
         "\"bundleSha256\": \"" SHA "\",\n      \"bundleBytes\": 80", OT_E_MANIFEST},
        {"\"bundleSha256\": \"" SHA "\",", "", OT_E_MANIFEST},
        {"88d8", "88D8", OT_E_MANIFEST},
        {"88d8", "88d", OT_E_MANIFEST},
        {"88d8", "88d88", OT_E_MANIFEST},
        {"88d8", "88g8", OT_E_MANIFEST},
        {"\"config\": {}", "\"config\": null", OT_E_MANIFEST},
        {"\"config\": {}", "\"config\": []", OT_E_MANIFEST},
        {"\"config\": {}", "\"config\": {}, \"config\": {}", OT_E_MANIFEST},
        {"\"config\": {}", "\"config\": {}, \"x\": 1", OT_E_MANIFEST},
        {",\n      \"config\": {}", "", OT_E_MANIFEST},
        {"\"chunks/hello-AB12.js\", \"files/hello/lib.wasm\"]",
         "\"files/hello/lib.wasm\", \"chunks/hello-AB12.js\"]", OT_E_MANIFEST},
        {"[\"chunks/hello-AB12.js\", ", "[\"files/hello/lib.wasm\", ", OT_E_MANIFEST},
        {"[\"chunks/hello-AB12.js\", ", "[\"chunks/other.js\", ", OT_E_MANIFEST},
        {"[\"chunks/hello-AB12.js\", \"files/hello/lib.wasm\"]", "[\"functions/Echo.js\"]",
         OT_E_MANIFEST}, /* another's bundle */
        {"[\"chunks/hello-AB12.js\", \"files/hello/lib.wasm\"]", "[\"functions/hello.js\"]",
         OT_E_MANIFEST},
        {"[\"chunks/hello-AB12.js\", ", "[\"../x\", ", OT_E_MANIFEST},
        {"[\"chunks/hello-AB12.js\", ", "[1, ", OT_E_MANIFEST},
        {"\"files/hello/lib.wasm\"]\n", "\"files/hello/lib.wasm\"], \"x\": 1\n", OT_E_MANIFEST},
        {"\"moduleFiles\": [", "\"moduleFile\": [", OT_E_MANIFEST},
        {"\"functions\": [", "\"functions\": [], \"x\": [", OT_E_MANIFEST},
    };

    (void)state;
    run_changes(changes, OT_COUNT(changes));
}

static void refused_config(void **state)
{
    static const struct change changes[] = {
        {"\"public\": true", "\"public\": 1", OT_E_MANIFEST},
        {"\"public\": true", "\"public\": null", OT_E_MANIFEST},
        {"\"public\": true", "\"Public\": true", OT_E_MANIFEST},
        {"\"public\": true", "\"public\": true, \"public\": true", OT_E_MANIFEST},
        {"\"context\": \"isolate\", \"timeoutMs\": 5000",
         "\"timeoutMs\": 5000, \"context\": \"isolate\"", OT_E_MANIFEST},
        {"\"context\": \"isolate\"", "\"context\": \"request\"", OT_E_MANIFEST},
        {"\"context\": \"isolate\"", "\"context\": \"\"", OT_E_MANIFEST},
        {"\"context\": \"isolate\"", "\"context\": true", OT_E_MANIFEST},
        {"\"public\": true, \"context\"", "\"context\": \"isolate\", \"context\"", OT_E_MANIFEST},
        {"\"public\": true, \"context\": \"isolate\"", "\"context\": \"isolate\", \"public\": true",
         OT_E_MANIFEST},
        {"\"timeoutMs\": 5000", "\"timeoutMs\": 2147483648", OT_E_MANIFEST},
        {"\"timeoutMs\": 5000", "\"timeoutMs\": -5", OT_E_MANIFEST},
        {"\"timeoutMs\": 5000", "\"timeoutMs\": 5e3", OT_E_MANIFEST},
        {"\"timeoutMs\": 5000", "\"timeoutMs\": \"5000\"", OT_E_MANIFEST},
        {"\"timeoutMs\": 5000", "\"timeout\": 5000", OT_E_MANIFEST},
        {"\"rpm\": 60", "\"rpm\": 0.5", OT_E_MANIFEST},
        {"\"rpm\": 60", "\"rpm\": null", OT_E_MANIFEST},
        {"\"ip\"", "\"IP\"", OT_E_MANIFEST},
        {"\"ip\"", "\"\"", OT_E_MANIFEST},
        {"\"ip\"", "1", OT_E_MANIFEST},
        {"\"memoryMB\": 64", "\"memoryMB\": 0", OT_E_MANIFEST},
        {"\"memoryMB\": 64", "\"memoryMb\": 64", OT_E_MANIFEST},
        {"\"warm\": true", "\"warm\": \"yes\"", OT_E_MANIFEST},
        {"\"min_replicas\": 2", "\"min_replicas\": 0", OT_E_MANIFEST},
        {"\"min_replicas\": 2", "\"minReplicas\": 2", OT_E_MANIFEST},
        {"\"cpuMs\": 50", "\"cpuMs\": 0", OT_E_MANIFEST},
        {"\"replicas\": 4", "\"replicas\": 0", OT_E_MANIFEST},
        {"\"replicas\": 4", "\"replicas\": 65", OT_E_MANIFEST},
        {"\"cell\": \"shop\"", "\"cell\": \"\"", OT_E_MANIFEST},
        {"\"cell\": \"shop\"", "\"cell\": \"1shop\"", OT_E_MANIFEST},
        {"\"cell\": \"shop\"", "\"cell\": \"sh/op\"", OT_E_MANIFEST},
        {"\"cell\": \"shop\"", "\"cell\": 1", OT_E_MANIFEST},
        {"\"cell\": \"shop\"",
         "\"cell\": \"a123456789012345678901234567890123456789012345678901234567890123\"",
         OT_E_MANIFEST},
        {"\"ttl\": 0", "\"ttl\": -1", OT_E_MANIFEST},
        {"\"ttl\": 0", "\"ttl\": 2147483648", OT_E_MANIFEST},
        {"\"idleTimeout\": 60", "\"idleTimeout\": 0.5", OT_E_MANIFEST},
        {"\"maxConcurrency\": 10", "\"maxConcurrency\": 0", OT_E_MANIFEST},
        {"\"replicas\": 4, \"cell\": \"shop\"", "\"cell\": \"shop\", \"replicas\": 4",
         OT_E_MANIFEST},
        {"\"recycle\": {", "\"recycle\": [", OT_E_MANIFEST},
        {"\"maxRequests\": 9", "\"maxRequests\": -9", OT_E_MANIFEST},
        {"\"maxRequests\": 9, \"errorRateThousandths\": 500",
         "\"errorRateThousandths\": 500, \"maxRequests\": 9", OT_E_MANIFEST},
        {"\"errorRateThousandths\": 500", "\"errorRateThousandths\": 1001", OT_E_MANIFEST},
        {"\"errorRateThousandths\": 500", "\"errorRateThousandths\": 0.5", OT_E_MANIFEST},
        {"\"errorRateThousandths\": 500", "\"errorRate\": 500", OT_E_MANIFEST},
        {"\"errorWindow\": 20", "\"errorWindow\": 0", OT_E_MANIFEST},
        {"\"cooldownMs\": 30000", "\"cooldownMs\": 30000, \"x\": 1", OT_E_MANIFEST},
        {"\"cooldownMs\": 30000", "\"cooldownMs\": true", OT_E_MANIFEST},
        {"\"net\": [\"api.a.org\", \"b.org\"]", "\"net\": [\"b.org\", \"api.a.org\"]",
         OT_E_MANIFEST},
        {"\"net\": [\"api.a.org\", \"b.org\"]", "\"net\": [\"b.org\", \"b.org\"]", OT_E_MANIFEST},
        {"\"net\": [\"api.a.org\", \"b.org\"]", "\"net\": [\"\"]", OT_E_MANIFEST},
        {"\"net\": [\"api.a.org\", \"b.org\"]", "\"net\": [\"a\\u001b\"]", OT_E_MANIFEST},
        {"\"net\": [\"api.a.org\", \"b.org\"]", "\"net\": [\"a\x7f\"]", OT_E_MANIFEST},
        {"\"net\": [\"api.a.org\", \"b.org\"]", "\"net\": [1]", OT_E_MANIFEST},
        {"\"net\": [\"api.a.org\", \"b.org\"]", "\"net\": \"b.org\"", OT_E_MANIFEST},
        {"\"env\": [\"GREETING\"]", "\"env\": [\"A B\"]", OT_E_MANIFEST},
        {"\"env\": [\"GREETING\"]", "\"env\": [\"A*\"]", OT_E_MANIFEST},
        {"\"read\": [\"./data\"]", "\"read\": null", OT_E_MANIFEST},
        {"\"write\": []", "\"write\": [[]]", OT_E_MANIFEST},
        {"\"write\": []", "\"run\": []", OT_E_MANIFEST},
        {"\"read\": [\"./data\"], \"write\": []", "\"write\": [], \"read\": [\"./data\"]",
         OT_E_MANIFEST},
        {"\"recycle\"", "\"permissions\": {}, \"recycle\"", OT_E_MANIFEST},
    };

    (void)state;
    run_changes(changes, OT_COUNT(changes));
}

static void refused_files(void **state)
{
    static const struct change changes[] = {
        {"{\"path\": \"chunks/hello-AB12.js\"", "{\"path\": \"zzz/hello-AB12.js\"", OT_E_MANIFEST},
        {"{\"path\": \"chunks/hello-AB12.js\"", "{\"path\": \"files/hello/lib.wasm\"",
         OT_E_MANIFEST},
        {"{\"path\": \"chunks/hello-AB12.js\"", "{\"path\": \"../chunks\"", OT_E_MANIFEST},
        {"{\"path\": \"chunks/hello-AB12.js\"", "{\"path\": \"manifest.json\"", OT_E_MANIFEST},
        {"{\"path\": \"chunks/hello-AB12.js\"", "{\"path\": 1", OT_E_MANIFEST},
        {"{\"path\": \"chunks/hello-AB12.js\"", "{\"file\": \"chunks/hello-AB12.js\"",
         OT_E_MANIFEST},
        {"\"bytes\": 513", "\"bytes\": 8589934592", OT_E_MANIFEST},
        {"\"bytes\": 513", "\"bytes\": -513", OT_E_MANIFEST},
        {"\"bytes\": 513", "\"size\": 513", OT_E_MANIFEST},
        {"\"bytes\": 513, ", "", OT_E_MANIFEST},
        {"\"bytes\": 513", "\"bytes\": 513, \"mode\": 420", OT_E_MANIFEST},
        {"\"bytes\": 0, \"sha256\": \"88d8", "\"bytes\": 0, \"sha256\": \"88D8", OT_E_MANIFEST},
        {"\"bytes\": 0, \"sha256\": \"" SHA "\"", "\"bytes\": 0, \"sha256\": null", OT_E_MANIFEST},
        {"\"bytes\": 0, \"sha256\": \"" SHA "\"", "\"bytes\": 0", OT_E_MANIFEST},
        {"\"bytes\": 0, \"sha256\": \"" SHA "\"", "\"bytes\": 0, \"sha256\": \"" SHA "\", \"x\": 1",
         OT_E_MANIFEST},
        {"\"files\": [", "\"files\": [null, ", OT_E_MANIFEST},
        {"\"files\": [", "\"Files\": [", OT_E_MANIFEST},
        {"\"files\": [", "\"files\": [], \"files\": [", OT_E_MANIFEST},
    };

    (void)state;
    run_changes(changes, OT_COUNT(changes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything),     cmocka_unit_test(offsets),
        cmocka_unit_test(accepted),       cmocka_unit_test(refused_top),
        cmocka_unit_test(engine_binary),  cmocka_unit_test(refused_functions),
        cmocka_unit_test(refused_config), cmocka_unit_test(refused_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
