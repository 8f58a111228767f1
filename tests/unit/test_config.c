#include "tests/unit/unit.h"

#include "base/net_pattern.h"
#include "base/text.h"
#include "build/config.h"
#include "verify/manifest_reader.h"

#include <stdio.h>
#include <string.h>

/* The file's text, and what it becomes in a manifest, on one line. */
static void accepted(void **state)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"{}", "{}"},
        {" \n{ } \n", "{}"},
        {"\xef\xbb\xbf{}", "{}"},
        {"{\"$schema\": \"https://example.com/1tube.schema.json\"}", "{}"},
        {"{\"public\": true}", "{\"public\":true}"},
        {"{\"public\": false}", "{}"},
        {"{\"timeoutMs\": 0}", "{\"timeoutMs\":0}"},
        {"{\"timeoutMs\": 86400000}", "{\"timeoutMs\":86400000}"},
        {"{\"rpm\": 0}", "{\"rpm\":0}"},
        {"{\"rpm\": 1000000}", "{\"rpm\":1000000}"},
        {"{\"context\": \"isolate\"}", "{\"context\":\"isolate\"}"},
        {"{\"context\": \"request\"}", "{}"},
        {"{\"rateLimitBy\": \"identity\"}", "{\"rateLimitBy\":\"identity\"}"},
        {"{\"rateLimitBy\": \"ip\"}", "{\"rateLimitBy\":\"ip\"}"},
        {"{\"rateLimitBy\": \"gl\\u006fbal\"}", "{\"rateLimitBy\":\"global\"}"},
        {"{\"stripName\": true, \"files\": [\"a\"]}", "{}"},
        {"{\"preflight\": \"gateway\"}", "{\"preflight\":\"gateway\"}"},
        {"{\"memoryMB\": 1, \"preflight\": \"function\", \"rpm\": 1, \"rateLimitBy\": \"ip\"}",
         "{\"rpm\":1,\"rateLimitBy\":\"ip\",\"preflight\":\"function\",\"memoryMB\":1}"},
        {"{\"memoryMB\": 1}", "{\"memoryMB\":1}"},
        {"{\"memoryMB\": 65536}", "{\"memoryMB\":65536}"},
        {"{\"warm\": false}", "{\"warm\":false}"},
        {"{\"warm\": true}", "{\"warm\":true}"},
        {"{\"min_replicas\": 1000}", "{\"min_replicas\":1000}"},
        {"{\"cpuMs\": 1}", "{\"cpuMs\":1}"},
        {"{\"replicas\": 64}", "{\"replicas\":64}"},
        {"{\"cell\": \"Shop_1\"}", "{\"cell\":\"Shop_1\"}"},
        {"{\"ttl\": 0}", "{\"ttl\":0}"},
        {"{\"idleTimeout\": 0}", "{\"idleTimeout\":0}"},
        {"{\"maxConcurrency\": 100000}", "{\"maxConcurrency\":100000}"},
        {"{\"maxConcurrency\": 2, \"idleTimeout\": 3, \"ttl\": 4, \"cell\": \"a\", \"replicas\": "
         "5, "
         "\"warm\": true, \"min_replicas\": 1, \"cpuMs\": 6, \"recycle\": {\"maxRequests\": 7}}",
         "{\"cpuMs\":6,\"warm\":true,\"min_replicas\":1,\"replicas\":5,\"cell\":\"a\",\"ttl\":4,"
         "\"idleTimeout\":3,\"maxConcurrency\":2,\"recycle\":{\"maxRequests\":7}}"},
        {"{\"recycle\": {}, \"permissions\": {}}", "{}"},
        {"{\"recycle\": {\"maxRequests\": 2147483647}}",
         "{\"recycle\":{\"maxRequests\":2147483647}}"},
        {"{\"recycle\": {\"errorRate\": 0}}", "{\"recycle\":{\"errorRateThousandths\":0}}"},
        {"{\"recycle\": {\"errorRate\": 0.5}}", "{\"recycle\":{\"errorRateThousandths\":500}}"},
        {"{\"recycle\": {\"errorRate\": 0.005}}", "{\"recycle\":{\"errorRateThousandths\":5}}"},
        {"{\"recycle\": {\"errorRate\": 1.0}}", "{\"recycle\":{\"errorRateThousandths\":1000}}"},
        {"{\"recycle\": {\"cooldownMs\": 5, \"errorWindow\": 4}}",
         "{\"recycle\":{\"errorWindow\":4,\"cooldownMs\":5}}"},
        {"{\"permissions\": {\"net\": []}}", "{\"permissions\":{\"net\":[]}}"},
        {"{\"permissions\": {\"net\": [\"b.example\", \"a.example:443\", \"b.example\"]}}",
         "{\"permissions\":{\"net\":[\"a.example:443\",\"b.example\"]}}"},
        {"{\"permissions\": {\"net\": [\"*\", \"*.a.example\", \"*.a.example:80\", "
         "\"127.0.0.1:1\", "
         "\"[::1]\", \"[fe80::1]:65535\", \"localhost\", \"a_b\"]}}",
         "{\"permissions\":{\"net\":[\"*\",\"*.a.example\",\"*.a.example:80\",\"127.0.0.1:1\","
         "\"[::1]\",\"[fe80::1]:65535\",\"a_b\",\"localhost\"]}}"},
        {"{\"permissions\": {\"env\": [\"*\"]}}", "{\"permissions\":{\"env\":[\"*\"]}}"},
        {"{\"permissions\": {\"env\": [\"_B1\", \"A\"]}}",
         "{\"permissions\":{\"env\":[\"A\",\"_B1\"]}}"},
        {"{\"permissions\": {\"write\": [\"/tmp\"], \"read\": [\"./a b\", \"\xc3\xa9\"]}}",
         "{\"permissions\":{\"read\":[\"./a b\",\"\xc3\xa9\"],\"write\":[\"/tmp\"]}}"},
        {"// a\n{ /* b */ \"rpm\": 1, // c\n}\n/* d */", "{\"rpm\":1}"},
        {"{\"permissions\": {\"env\": [\"A\",],},}", "{\"permissions\":{\"env\":[\"A\"]}}"},
        /* any order in, one order out */
        {"{\"permissions\":{\"env\":[\"A\"]},\"recycle\":{\"errorRate\":0.25},\"min_replicas\":2,"
         "\"warm\":true,\"memoryMB\":64,\"rateLimitBy\":\"ip\",\"rpm\":60,\"timeoutMs\":5000,"
         "\"context\":\"isolate\",\"public\":true,\"$schema\":\"\"}",
         "{\"public\":true,\"context\":\"isolate\",\"timeoutMs\":5000,\"rpm\":60,\"rateLimitBy\":"
         "\"ip\",\"memoryMB\":64,"
         "\"warm\":true,\"min_replicas\":2,\"recycle\":{\"errorRateThousandths\":250},"
         "\"permissions\":{\"env\":[\"A\"]}}"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOBUF struct ot_buf out = {0};
        OT_AUTOFREE char *expected = ot_asprintf("{\"config\":%s}\n", cases[i].written);
        struct ot_json_writer writer;
        struct ot_config config;
        struct ot_error err = {0};

        if (ot_config_parse(&config, ot_span_of(cases[i].text), "f", &err) < 0)
            fail_msg("%s: %s", cases[i].text, err.message);
        ot_jw_begin(&writer, &out, true);
        ot_jw_object(&writer, NULL);
        ot_config_write(&config, config.is_public, &writer);
        ot_jw_object_end(&writer);
        ot_jw_end(&writer);
        assert_string_equal(out.data, expected);
        ot_config_free(&config);
    }
}

static void check_refused(const char *text, size_t len, const char *message)
{
    OT_AUTOFREE char *expected = ot_asprintf("functions/pay/1tube.json:%s", message);
    struct ot_config config;
    struct ot_error err = {0};

    if (ot_config_parse(&config, (struct ot_span){text, len}, "functions/pay/1tube.json", &err) ==
        0)
        fail_msg("accepted: %s", text);
    if (strcmp(err.message, expected) != 0)
        fail_msg("%s\n  %s\n  expected %s", text, err.message, expected);
    assert_int_equal(err.kind, OT_FAILED);
    /* What a failure leaves behind needs no release, and bears one. */
    assert_int_equal(config.rpm, OT_CONFIG_UNSET);
    ot_config_free(&config);
}

#define TIMEOUT_WANTED                                                                             \
    "\"timeoutMs\" must be a whole number of milliseconds from 1 to 86400000, or 0 (off)"
#define RPM_WANTED                                                                                 \
    "\"rpm\" must be a whole number of requests per minute from 0 (no limit) to 1000000"
#define MEMORY_WANTED "\"memoryMB\" must be a whole number of megabytes from 1 to 65536"
#define REPLICAS_WANTED "\"min_replicas\" must be a whole number from 1 to 1000"
#define CELL_WANTED "\"cell\" must be a letter and up to 62 letters, digits, _ and -"
#define CONTEXT_WANTED "\"context\" must be \"request\" or \"isolate\""
#define BUCKET_WANTED "\"rateLimitBy\" must be \"identity\", \"ip\" or \"global\""
#define PREFLIGHT_WANTED "\"preflight\" must be \"gateway\" or \"function\""
#define RATE_WANTED "\"errorRate\" must be a number from 0 (off) to 1 with at most three decimals"
#define REQUESTS_WANTED "\"maxRequests\" must be a whole number from 0 (never) to 2147483647"
#define WINDOW_WANTED "\"errorWindow\" must be a whole number of requests from 1 to 10000"
#define COOLDOWN_WANTED "\"cooldownMs\" must be a whole number of milliseconds from 1 to 86400000"
#define NET_WANTED "an item of \"net\" must be " OT_NET_PATTERN_WANTED
#define ENV_WANTED "an item of \"env\" must be the name of an environment variable, or * alone"
#define PATH_WANTED "must be a path of 1 to 1024 bytes without control characters"

struct refusal {
    const char *text, *message;
};

static void refused_values(void **state)
{
    static const struct refusal cases[] = {
        {"{\"$schema\": 1}", "1:13: \"$schema\" must be a string"},
        {"{\"$schema\": null}", "1:13: \"$schema\" must be a string"},
        {"{\"public\": \"true\"}", "1:12: \"public\" must be true or false"},
        {"{\"public\": 1}", "1:12: \"public\" must be true or false"},
        {"{\"public\": null}", "1:12: \"public\" must be true or false"},
        {"{\"warm\": {}}", "1:10: \"warm\" must be true or false"},
        {"{\"timeoutMs\": 86400001}", "1:15: " TIMEOUT_WANTED},
        {"{\"timeoutMs\": -1}", "1:15: " TIMEOUT_WANTED},
        {"{\"timeoutMs\": 1.5}", "1:15: " TIMEOUT_WANTED},
        {"{\"timeoutMs\": 1e3}", "1:15: " TIMEOUT_WANTED},
        {"{\"timeoutMs\": 007}", "1:15: " TIMEOUT_WANTED},
        {"{\n  \"timeoutMs\": \"5000\"\n}", "2:16: " TIMEOUT_WANTED},
        {"{\"timeoutMs\": }", "1:15: " TIMEOUT_WANTED},
        {"{\"rpm\": 1000001}", "1:9: " RPM_WANTED},
        {"{\"rpm\": false}", "1:9: " RPM_WANTED},
        {"{\"rpm\": 99999999999999999999}", "1:9: " RPM_WANTED},
        {"{\"memoryMB\": 0}", "1:14: " MEMORY_WANTED},
        {"{\"memoryMB\": 65537}", "1:14: " MEMORY_WANTED},
        {"{\"cpuMs\": 0}",
         "1:11: \"cpuMs\" must be a whole number of milliseconds from 1 to 86400000"},
        {"{\"replicas\": 65}", "1:14: \"replicas\" must be a whole number from 1 to 64"},
        {"{\"cell\": \"a b\"}", "1:10: " CELL_WANTED},
        {"{\"cell\": \"\"}", "1:10: " CELL_WANTED},
        {"{\"cell\": 1}", "1:10: " CELL_WANTED},
        {"{\"ttl\": 31536001}",
         "1:9: \"ttl\" must be a whole number of seconds from 0 (a new process "
         "for each request) to 31536000"},
        {"{\"idleTimeout\": -1}", "1:17: \"idleTimeout\" must be a whole number of seconds from 0 "
                                  "(never) to 31536000"},
        {"{\"maxConcurrency\": 0}", "1:20: \"maxConcurrency\" must be a whole number of requests "
                                    "from 1 to 100000"},
        {"{\"min_replicas\": 0}", "1:18: " REPLICAS_WANTED},
        {"{\"min_replicas\": 1001}", "1:18: " REPLICAS_WANTED},
        {"{\"context\": \"Isolate\"}", "1:13: " CONTEXT_WANTED},
        {"{\"context\": true}", "1:13: " CONTEXT_WANTED},
        {"{\"rateLimitBy\": \"IP\"}", "1:17: " BUCKET_WANTED},
        {"{\"preflight\": \"Function\"}", "1:15: " PREFLIGHT_WANTED},
        {"{\"stripName\": 1}", "1:15: \"stripName\" must be true or false"},
        {"{\"preflight\": true}", "1:15: " PREFLIGHT_WANTED},
        {"{\"preflight\": null}", "1:15: " PREFLIGHT_WANTED},
        {"{\"rateLimitBy\": \"\"}", "1:17: " BUCKET_WANTED},
        {"{\"rateLimitBy\": [\"ip\"]}", "1:17: " BUCKET_WANTED},
        {"{\"recycle\": true}", "1:13: \"recycle\" must be an object"},
        {"{\"recycle\": []}", "1:13: \"recycle\" must be an object"},
        {"{\"recycle\": {\"maxRequests\": 2147483648}}", "1:29: " REQUESTS_WANTED},
        {"{\"recycle\": {\"errorRate\": 1.001}}", "1:27: " RATE_WANTED},
        {"{\"recycle\": {\"errorRate\": 0.1234}}", "1:27: " RATE_WANTED},
        {"{\"recycle\": {\"errorRate\": .5}}", "1:27: " RATE_WANTED},
        {"{\"recycle\": {\"errorRate\": 2}}", "1:27: " RATE_WANTED},
        {"{\"recycle\": {\"errorRate\": \"0.5\"}}", "1:27: " RATE_WANTED},
        {"{\"recycle\": {\"errorWindow\": 0}}", "1:29: " WINDOW_WANTED},
        {"{\"recycle\": {\"errorWindow\": 10001}}", "1:29: " WINDOW_WANTED},
        {"{\"recycle\": {\"cooldownMs\": 0}}", "1:28: " COOLDOWN_WANTED},
        {"{\"recycle\": {\"cooldownMs\": 86400001}}", "1:28: " COOLDOWN_WANTED},
        {"{\"permissions\": [\"net\"]}", "1:17: \"permissions\" must be an object"},
        {"{\"permissions\": {\"net\": \"*\"}}", "1:25: \"net\" must be an array of strings"},
        {"{\"permissions\": {\"net\": true}}", "1:25: \"net\" must be an array of strings"},
        {"{\"permissions\": {\"net\": [1]}}", "1:26: an item of \"net\" must be a string"},
        {"{\"permissions\": {\"net\": [\"\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"https://a\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"a/b\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"a..b\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\".a\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"a:0\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"a:65536\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"a:\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\":80\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"::1\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"[::1\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"*.\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"a.*.b\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"*:80\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"net\": [\"a b\"]}}", "1:26: " NET_WANTED},
        {"{\"permissions\": {\"env\": [\"1A\"]}}", "1:26: " ENV_WANTED},
        {"{\"permissions\": {\"env\": [\"A=B\"]}}", "1:26: " ENV_WANTED},
        {"{\"permissions\": {\"env\": [\"\"]}}", "1:26: " ENV_WANTED},
        {"{\"permissions\": {\"env\": [\"A\", \"*\"]}}",
         "1:31: in \"env\" the item * must stand alone"},
        {"{\"permissions\": {\"env\": [\"*\", \"A\"]}}",
         "1:31: in \"env\" the item * must stand alone"},
        {"{\"permissions\": {\"read\": [\"\"]}}", "1:27: an item of \"read\" " PATH_WANTED},
        {"{\"permissions\": {\"write\": [\"a\\nb\"]}}", "1:28: an item of \"write\" " PATH_WANTED},
        {"{\"permissions\": {\"read\": [null]}}", "1:27: an item of \"read\" must be a string"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++)
        check_refused(cases[i].text, strlen(cases[i].text), cases[i].message);
}

static void refused_keys(void **state)
{
    static const struct refusal cases[] = {
        {"{\"pubic\": true}", "1:2: unknown key \"pubic\" (did you mean \"public\"?)"},
        {"{\n\t\"timeoutMS\": 1\n}",
         "2:2: unknown key \"timeoutMS\" (did you mean \"timeoutMs\"?)"},
        {"{\"timeout\": 1}", "1:2: unknown key \"timeout\" (did you mean \"timeoutMs\"?)"},
        {"{\"min_replica\": 1}",
         "1:2: unknown key \"min_replica\" (did you mean \"min_replicas\"?)"},
        {"{\"fromFile\": true}", "1:2: unknown key \"fromFile\""},
        {"{\"\": 1}", "1:2: unknown key \"\""},
        {"{\"\\u001b[31m\": 1}", "1:2: unknown key \"?[31m\""},
        {"{\"net\": []}", "1:2: unknown key \"net\""},
        {"{\"recycle\": {\"maxRequest\": 1}}",
         "1:14: unknown key \"maxRequest\" (did you mean \"maxRequests\"?)"},
        {"{\"recycle\": {\"errorRateThousandths\": 1}}",
         "1:14: unknown key \"errorRateThousandths\""},
        {"{\"permissions\": {\"red\": []}}", "1:18: unknown key \"red\" (did you mean \"read\"?)"},
        {"{\"rpm\": 1, \"rpm\": 1}", "1:12: the key \"rpm\" is given twice"},
        {"{\"$schema\": \"\", \"$schema\": \"\"}", "1:17: the key \"$schema\" is given twice"},
        {"{\"rpm\": 1, \"\\u0072pm\": 1}", "1:12: the key \"rpm\" is given twice"},
        {"{\"recycle\": {}, \"recycle\": {}}", "1:17: the key \"recycle\" is given twice"},
        {"{\"recycle\": {\"errorRate\": 1, \"errorRate\": 1}}",
         "1:30: the key \"errorRate\" is given twice"},
        {"{\"permissions\": {\"env\": [], \"env\": []}}", "1:29: the key \"env\" is given twice"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++)
        check_refused(cases[i].text, strlen(cases[i].text), cases[i].message);
}

static void refused_texts(void **state)
{
    static const struct refusal cases[] = {
        {"", "1:1: an object { ... } is expected"},
        {" \n ", "2:2: an object { ... } is expected"},
        {"[]", "1:1: an object { ... } is expected"},
        {"null", "1:1: an object { ... } is expected"},
        {"{", "1:2: the text ends in the middle"},
        {"{\"rpm\"}", "1:7: a colon is expected here"},
        {"{\"rpm\": 1 \"warm\": true}", "1:11: a comma is expected here"},
        {"{rpm: 1}", "1:2: a key in double quotes is expected here"},
        {"{'rpm': 1}", "1:2: a key in double quotes is expected here"},
        {"{\"rateLimitBy\": \"ip", "1:20: this string has no end"},
        {"{\"rateLimitBy\": \"\\q\"}", "1:19: no such escape in a string"},
        {"{\"permissions\": {\"read\": [\"\\u0000\"]}}",
         "1:30: \\u0000 is not accepted in a string"},
        {"{\"permissions\": {\"read\": [\"a\" \"b\"]}}", "1:31: a comma is expected here"},
        {"{} x", "1:4: nothing may follow the value"},
        {"{}{}", "1:3: nothing may follow the value"},
        {"{ /* }", "1:3: this comment has no end"},
        {"{\"permissions\": {\"read\": [\"\xff\"]}}", "1:28: this string is not valid UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++)
        check_refused(cases[i].text, strlen(cases[i].text), cases[i].message);
    check_refused("{}\0", 3, "1:3: nothing may follow the value");
    check_refused("{\"$schema\": \"a\0b\"}", 18, "1:15: this string has no end");
}

/* `public` may also come from the source; the manifest has what the caller found. */
static void public_of_the_source(void **state)
{
    OT_AUTOBUF struct ot_buf out = {0};
    struct ot_json_writer writer;
    struct ot_config config;
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(ot_config_parse(&config, OT_SPAN("{\"public\": false}"), "f", &err), err);
    assert_true(config.public_given);
    assert_false(config.is_public);
    ot_jw_begin(&writer, &out, true);
    ot_jw_object(&writer, NULL);
    ot_config_write(&config, true, &writer);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
    assert_string_equal(out.data, "{\"config\":{\"public\":true}}\n");
    ot_config_free(&config);
}

/* Whether a 1tube.json is accepted; then the reader of manifests must accept what it becomes. */
static bool survives(const char *text)
{
    OT_AUTOBUF struct ot_buf out = {0};
    struct ot_json_writer writer;
    struct ot_config config;
    struct ot_function_config read;
    struct ot_json json;
    struct ot_span key;
    struct ot_error err = {0};

    if (ot_config_parse(&config, ot_span_of(text), "f", &err) < 0)
        return false;
    ot_jw_begin(&writer, &out, false);
    ot_jw_object(&writer, NULL);
    ot_config_write(&config, config.is_public, &writer);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
    ot_json_begin(&json, ot_buf_span(&out), 0);
    ot_function_config_init(&read);
    if (ot_json_object(&json, &err) < 0 || ot_json_key(&json, &key, &err) != 1 ||
        ot_function_config_read(&json, &read, &err) < 0)
        fail_msg("%.200s is %.200s, which is refused: %s", text, out.data, err.message);
    ot_json_end(&json);
    ot_function_config_free(&read);
    ot_config_free(&config);
    return true;
}

/* `form` with the number in place of its "@". */
static void fill_in(char out[128], const char *form, uint64_t number)
{
    int before = (int)strcspn(form, "@");

    snprintf(out, 128, "%.*s%llu%s", before, form, (unsigned long long)number, form + before + 1);
}

/* Whatever the limits are: the smallest and the largest number that are accepted, found here. */
static void numbers_survive_the_manifest(void **state)
{
    static const char *const forms[] = {
        "{\"timeoutMs\":@}",
        "{\"rpm\":@}",
        "{\"memoryMB\":@}",
        "{\"min_replicas\":@}",
        "{\"recycle\":{\"maxRequests\":@}}",
        "{\"recycle\":{\"errorRate\":@}}",
        "{\"recycle\":{\"errorWindow\":@}}",
        "{\"recycle\":{\"cooldownMs\":@}}",
    };
    static const uint64_t small[] = {0, 1};
    char text[128];

    (void)state;
    for (size_t i = 0; i < OT_COUNT(forms); i++) {
        uint64_t accepted = 1;
        uint64_t refused = OT_SAFE_INTEGER_MAX;

        for (size_t k = 0; k < OT_COUNT(small); k++) {
            fill_in(text, forms[i], small[k]);
            assert_true(survives(text) || small[k] == 0);
        }
        while (refused - accepted > 1) {
            uint64_t middle = accepted + (refused - accepted) / 2;

            fill_in(text, forms[i], middle);
            if (survives(text))
                accepted = middle;
            else
                refused = middle;
        }
    }
}

static void lists_survive_the_manifest(void **state)
{
    static const struct {
        const char *key;
        const char *before, *behind; /* of the item */
        size_t longest;              /* that is accepted, all in all */
        const char *unit;
    } cases[] = {
        {"net", "", "", 253, "a."},   {"net", "*.", ":65535", 261, "a."},
        {"net", "", ":1", 255, "a."}, {"env", "", "", 128, "A_"},
        {"read", "", "", 1024, "/x"}, {"write", "\xc3\xa9", "", 1024, "/x"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        size_t around = strlen(cases[i].before) + strlen(cases[i].behind);
        size_t longest = 0;

        for (size_t len = around + 1; len <= 1100; len++) {
            OT_AUTOBUF struct ot_buf text = {0};

            ot_buf_printf(&text, "{\"permissions\":{\"%s\":[\"%s", cases[i].key, cases[i].before);
            for (size_t k = 0; k < len - around; k++)
                ot_buf_putc(&text, cases[i].unit[k % 2]);
            ot_buf_printf(&text, "%s\"]}}", cases[i].behind);
            if (survives(text.data))
                longest = len;
        }
        assert_int_equal(longest, cases[i].longest);
    }
    assert_true(survives("{\"context\":\"isolate\"}"));
    assert_true(survives("{\"public\":true,\"warm\":true,\"rateLimitBy\":\"ip\"}"));
    assert_true(survives("{\"public\":true,\"warm\":false,\"rateLimitBy\":\"global\"}"));
    assert_true(survives("{\"preflight\":\"function\"}"));
    assert_true(survives("{\"preflight\":\"gateway\"}"));
    assert_true(
        survives("{\"rateLimitBy\":\"identity\",\"permissions\":{\"net\":[],\"env\":[\"*\"]}}"));
    assert_true(survives("{\"recycle\":{\"errorRate\":0.001}}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(refused_values),
        cmocka_unit_test(refused_keys),
        cmocka_unit_test(refused_texts),
        cmocka_unit_test(public_of_the_source),
        cmocka_unit_test(numbers_survive_the_manifest),
        cmocka_unit_test(lists_survive_the_manifest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
