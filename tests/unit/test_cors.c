/* Cross-origin sharing: who is allowed, and what answers say. */
#include "tests/unit/unit.h"

#include "gateway/cors.h"
#include "tests/unit/headers.h"

#include <string.h>

#define EXPOSED                                                                                    \
    "x-1tube-warming, x-1tube-stale, x-1tube-invocation-id, retry-after, ratelimit-limit, "        \
    "ratelimit-remaining, ratelimit-reset"
#define EXPOSE "access-control-expose-headers: " EXPOSED "\r\n"
#define VARY "vary: Origin\r\n"
#define CREDENTIALS "access-control-allow-credentials: true\r\n"
#define METHODS "access-control-allow-methods: POST, GET, OPTIONS, PUT, PATCH, DELETE\r\n"
#define HEADERS                                                                                    \
    "access-control-allow-headers: authorization, x-client-info, apikey, content-type, "           \
    "x-application-name, user-agent\r\n"
#define ALLOW(origin) "access-control-allow-origin: " origin "\r\n"

struct lists {
    struct ot_list origins, headers, methods, expose;
    struct ot_cors_options options;
};

/* Comma-separated; all defaults but the origins. */
static void set_up(struct lists *lists, const char *origins)
{
    *lists = (struct lists){0};
    ot_list_split(&lists->origins, origins);
    lists->options = (struct ot_cors_options){.origins = &lists->origins,
                                              .allow_headers = &lists->headers,
                                              .allow_methods = &lists->methods,
                                              .expose_headers = &lists->expose,
                                              .max_age = OT_CORS_NO_MAX_AGE};
}

static struct ot_cors *finish(struct lists *lists)
{
    struct ot_error err = {0};
    struct ot_cors *cors = NULL;

    assert_succeeds(ot_cors_make(&lists->options, &cors, &err), err);
    ot_list_free(&lists->origins);
    ot_list_free(&lists->headers);
    ot_list_free(&lists->methods);
    ot_list_free(&lists->expose);
    return cors;
}

static struct ot_cors *make(const char *origins)
{
    struct lists lists;

    set_up(&lists, origins);
    return finish(&lists);
}

/* NULL: no Origin. */
static struct ot_span span(const char *origin)
{
    return origin != NULL ? ot_span_of(origin) : (struct ot_span){NULL, 0};
}

static char *answer(const struct ot_cors *cors, const char *origin, const char *const *own)
{
    struct ot_span asked = span(origin);
    struct unit_headers headers;
    struct ot_buf out = {0};

    if (own != NULL)
        unit_set_headers(&headers, own);
    ot_buf_puts(&out, "");
    ot_cors_write(cors, ot_cors_decide(cors, asked), asked, own != NULL ? &headers.headers : NULL,
                  &out);
    return out.data;
}

static char *preflight(const struct ot_cors *cors, const char *origin)
{
    struct ot_buf out = {0};

    ot_buf_puts(&out, "");
    ot_cors_write_preflight(cors, ot_cors_decide(cors, span(origin)), span(origin), &out);
    return out.data;
}

static void assert_answer(struct ot_cors *cors, const char *origin, const char *expected)
{
    OT_AUTOFREE char *got = answer(cors, origin, NULL);

    assert_string_equal(got, expected);
}

/* -- who is allowed ---------------------------------------------------------------------------- */

static void verdicts(void **state)
{
    static const struct {
        const char *origins;
        const char *allowed[8], *refused[14];
    } cases[] = {
        {"https://app.example",
         {"https://app.example", "https://app.example:443"},
         {"http://app.example", "https://app.example:8443", "https://app.example.",
          "https://app.example/", "https://APP.example", "HTTPS://app.example", "app.example",
          "https://xapp.example", "https://app.example.evil.example", "https://a.app.example",
          "null", "", "https://app.example https://app.example", "https://app.example:443x"}},
        {"https://App.Example:8443",
         {"https://app.example:8443"},
         {"https://app.example", "https://app.example:844", "https://app.example:08443"}},
        {"http://app.example",
         {"http://app.example"},
         {"https://app.example", "http://app.example:8080"}},
        {"https://*.schools.example",
         {"https://a.schools.example", "https://b.a.schools.example"},
         {"https://schools.example", "http://a.schools.example", "https://a.schools.example:8443",
          "https://aschools.example", "https://.schools.example", "https://a..schools.example",
          "https://evil.example/.schools.example", "https://evil.example:1.schools.example",
          "https://user@a.schools.example", "https://a.schools.example.evil.example",
          "https://evil.example#.schools.example", "https://[::1].schools.example"}},
        {"*.schools.example",
         {"https://a.schools.example"},
         {"https://schools.example", "http://a.schools.example", "https://a.schools.example:1"}},
        {"https://*.schools.example:8443",
         {"https://a.schools.example:8443"},
         {"https://a.schools.example"}},
        {"app.example",
         {"https://app.example"},
         {"http://app.example", "https://app.example:8443", "ftp://app.example"}},
        {"app.example:8443",
         {"https://app.example:8443"},
         {"http://app.example:8443", "https://app.example"}},
        {"localhost",
         {"http://localhost", "https://localhost", "http://localhost:3000", "https://localhost:1",
          "capacitor://localhost"},
         {"http://localhost.example", "http://a.localhost", "http://127.0.0.1", "localhost",
          "http://localhost:0", "http://localhost:65536", "http://localhost:", "://localhost"}},
        {"localhost:3000",
         {"http://localhost:3000", "https://localhost:3000"},
         {"http://localhost", "http://localhost:3001"}},
        {"http://localhost", {"http://localhost"}, {"http://localhost:3000", "https://localhost"}},
        {"*.localhost", {"http://a.localhost:5173"}, {"http://localhost", "http://localhost:5173"}},
        {"127.0.0.1", {"http://127.0.0.1:3000", "https://127.0.0.1"}, {"http://127.0.0.2:3000"}},
        {"[::1]", {"http://[::1]:3000", "http://[::1]"}, {"http://[::2]:3000", "http://::1"}},
        {"192.0.2.1", {"https://192.0.2.1"}, {"http://192.0.2.1"}},
        {"https://[2001:db8::1]:444", {"https://[2001:db8::1]:444"}, {"https://[2001:db8::1]"}},
        {"capacitor://localhost", {"capacitor://localhost"}, {"http://localhost"}},
        {"chrome-extension://abcdef",
         {"chrome-extension://abcdef"},
         {"chrome-extension://abcdeg", "https://abcdef"}},
        {"https://a.example, b.example",
         {"https://a.example", "https://b.example"},
         {"https://c.example", "https://a.example,"}},
        {"*", {"https://a.example", "http://x:1", "null"}, {"", "a b", "a\tb", "\xc3\xa9"}},
        {"https://a.example, *", {"https://b.example"}, {""}},
        {"", {NULL}, {"https://a.example", "null", ""}},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_cors *cors = make(cases[i].origins);

        assert_int_equal(ot_cors_decide(cors, span(NULL)), OT_CORS_NO_ORIGIN);
        for (size_t k = 0; k < OT_COUNT(cases[i].allowed) && cases[i].allowed[k] != NULL; k++) {
            if (ot_cors_decide(cors, span(cases[i].allowed[k])) != OT_CORS_ALLOWED)
                fail_msg("%s does not allow %s", cases[i].origins, cases[i].allowed[k]);
        }
        for (size_t k = 0; k < OT_COUNT(cases[i].refused) && cases[i].refused[k] != NULL; k++) {
            if (ot_cors_decide(cors, span(cases[i].refused[k])) != OT_CORS_REFUSED)
                fail_msg("%s allows %s", cases[i].origins, cases[i].refused[k]);
        }
        ot_cors_free(cors);
    }
}

static void refused_options(void **state)
{
    static const struct {
        const char *origins, *headers, *methods, *expose, *message;
    } cases[] = {
        {"https://", "", "", "", "\"https://\" is no origin"},
        {"https://a.example/", "", "", "", "\"https://a.example/\" is no origin"},
        {"https://a.example/x", "", "", "", "is no origin"},
        {"ok.example, a b", "", "", "", "\"a b\" is no origin"},
        {"https://u@a.example", "", "", "", "is no origin"},
        {"https://a..example", "", "", "", "is no origin"},
        {"https://a.*.example", "", "", "", "is no origin"},
        {"https://*", "", "", "", "is no origin"},
        {"*.", "", "", "", "is no origin"},
        {"**", "", "", "", "is no origin"},
        {"*a.example", "", "", "", "is no origin"},
        {"https://a.example:0", "", "", "", "is no origin"},
        {"https://a.example:65536", "", "", "", "is no origin"},
        {"https://a.example:", "", "", "", "is no origin"},
        {"a.example:*", "", "", "", "is no origin"},
        {"://a.example", "", "", "", "is no origin"},
        {"1http://a.example", "", "", "", "is no origin"},
        {"https://[::1", "", "", "", "is no origin"},
        {"https://[1.2.3.4]", "", "", "", "is no origin"},
        {"*.[::1]", "", "", "", "is no origin"},
        {"::1", "", "", "", "is no origin"},
        {"null", "", "", "", "\"null\" is no origin"},
        {"https://\xc3\xa9.example", "", "", "", "is no origin"},
        {"https://a.example\r\nx: y", "", "", "", "\"https://a.example??x: y\" is no origin"},
        {"", "a b", "", "", "\"a b\" is no header name"},
        {"", "x-a, x\r\ny: z", "", "", "\"x??y: z\" is no header name"},
        {"", "", "GET, P(", "", "\"P(\" is no method name"},
        {"", "", "", "x:", "\"x:\" is no header name"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_error err = {0};
        struct ot_cors *cors = NULL;
        struct lists lists;

        set_up(&lists, cases[i].origins);
        ot_list_split(&lists.headers, cases[i].headers);
        ot_list_split(&lists.methods, cases[i].methods);
        ot_list_split(&lists.expose, cases[i].expose);
        if (ot_cors_make(&lists.options, &cors, &err) == 0)
            fail_msg("accepted: %s", cases[i].origins);
        assert_int_equal(err.kind, OT_USAGE);
        if (strstr(err.message, cases[i].message) == NULL)
            fail_msg("%s: %s", cases[i].origins, err.message);
        ot_list_free(&lists.origins);
        ot_list_free(&lists.headers);
        ot_list_free(&lists.methods);
        ot_list_free(&lists.expose);
    }
}

/* -- what answers say -------------------------------------------------------------------------- */

static void modes(void **state)
{
    struct ot_cors *cors;
    struct lists lists;

    (void)state;
    /* nothing configured: nobody; in development: anybody */
    cors = make("");
    assert_answer(cors, "https://a.example", "");
    assert_answer(cors, NULL, "");
    ot_cors_free(cors);
    set_up(&lists, "");
    lists.options.dev = true;
    cors = finish(&lists);
    assert_answer(cors, "http://a.example:1", ALLOW("http://a.example:1") EXPOSE VARY);
    ot_cors_free(cors);
    /* a list is a list, also in development */
    set_up(&lists, "https://a.example");
    lists.options.dev = true;
    cors = finish(&lists);
    assert_answer(cors, "https://b.example", VARY);
    ot_cors_free(cors);

    cors = make("https://a.example");
    assert_answer(cors, "https://a.example", ALLOW("https://a.example") CREDENTIALS EXPOSE VARY);
    assert_answer(cors, "https://b.example", VARY);
    assert_answer(cors, NULL, VARY);
    ot_cors_free(cors);

    cors = make("*");
    assert_answer(cors, "https://a.example", ALLOW("https://a.example") EXPOSE VARY);
    assert_answer(cors, "null", ALLOW("null") EXPOSE VARY);
    assert_answer(cors, NULL, ALLOW("*") EXPOSE VARY);
    ot_cors_free(cors);

    set_up(&lists, "https://a.example");
    lists.options.credentials = OT_CREDENTIALS_OFF;
    cors = finish(&lists);
    assert_answer(cors, "https://a.example", ALLOW("https://a.example") EXPOSE VARY);
    ot_cors_free(cors);
    /* whatever is configured, any origin is never sent with credentials */
    for (int dev = 0; dev < 2; dev++) {
        set_up(&lists, dev ? "" : "https://a.example, *");
        lists.options.credentials = OT_CREDENTIALS_ON;
        lists.options.dev = dev;
        cors = finish(&lists);
        assert_answer(cors, "https://a.example", ALLOW("https://a.example") EXPOSE VARY);
        ot_cors_free(cors);
    }
}

static void exposes(void **state)
{
    struct ot_cors *cors;
    struct lists lists;

    (void)state;
    set_up(&lists, "https://a.example");
    ot_list_split(&lists.expose, "X-Total, Retry-After, x-total, X-Other");
    cors = finish(&lists);
    assert_answer(cors, "https://a.example",
                  ALLOW("https://a.example") CREDENTIALS "access-control-expose-headers: " EXPOSED
                                                         ", X-Total, X-Other\r\n" VARY);
    ot_cors_free(cors);
}

static void preflights(void **state)
{
    struct ot_cors *cors = make("https://a.example");
    OT_AUTOFREE char *allowed = preflight(cors, "https://a.example");
    OT_AUTOFREE char *refused = preflight(cors, "https://b.example");
    OT_AUTOFREE char *replaced = NULL;
    OT_AUTOFREE char *any = NULL;
    OT_AUTOFREE char *none = NULL;
    struct lists lists;

    (void)state;
    assert_string_equal(allowed, ALLOW("https://a.example") CREDENTIALS METHODS HEADERS VARY);
    assert_string_equal(refused, VARY);
    ot_cors_free(cors);
    set_up(&lists, "https://a.example");
    ot_list_split(&lists.headers, "x-a, X-B");
    ot_list_split(&lists.methods, "QUERY");
    lists.options.max_age = 600;
    cors = finish(&lists);
    replaced = preflight(cors, "https://a.example");
    assert_string_equal(replaced, ALLOW("https://a.example") CREDENTIALS
                        "access-control-allow-methods: QUERY\r\n"
                        "access-control-allow-headers: x-a, X-B\r\n"
                        "access-control-max-age: 600\r\n" VARY);
    ot_cors_free(cors);
    cors = make("*");
    any = preflight(cors, "https://a.example");
    assert_string_equal(any, ALLOW("https://a.example") METHODS HEADERS VARY);
    ot_cors_free(cors);
    cors = make("");
    none = preflight(cors, "https://a.example");
    assert_string_equal(none, "");
    ot_cors_free(cors);
}

static void what_is_a_preflight(void **state)
{
    static const struct {
        enum ot_method method;
        const char *headers[5];
        bool is;
    } cases[] = {
        {OT_METHOD_OPTIONS, {"Origin", "x", "Access-Control-Request-Method", "PUT"}, true},
        {OT_METHOD_GET, {"Origin", "x", "Access-Control-Request-Method", "PUT"}, false},
        {OT_METHOD_OPTIONS, {"Origin", "x"}, false},
        {OT_METHOD_OPTIONS, {"Access-Control-Request-Method", "PUT"}, false},
        {OT_METHOD_OPTIONS, {"Origin", "x", "Access-Control-Request-Headers", "a"}, false},
        {OT_METHOD_OPTIONS, {NULL}, false},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_request request = {.method = cases[i].method};
        struct unit_headers headers;

        unit_set_headers(&headers, cases[i].headers);
        request.headers = headers.headers;
        assert_int_equal(ot_cors_is_preflight(&request), cases[i].is);
    }
}

#define ACAO "Access-Control-Allow-Origin"
#define A "https://a.example"

/* Each verdict with each kind of headers that a function sets itself. */
static void own_headers(void **state)
{
    static const struct {
        const char *own[9];
        /* with a list: this origin allowed, refused, absent; with "*": there, absent; with none */
        const char *allowed, *refused, *absent, *any, *any_absent, *none;
    } cases[] = {
        {{"Content-Type", "text/plain"},
         ALLOW(A) CREDENTIALS EXPOSE VARY,
         VARY,
         VARY,
         ALLOW(A) EXPOSE VARY,
         ALLOW("*") EXPOSE VARY,
         ""},
        {{"Vary", "Accept-Encoding"},
         ALLOW(A) CREDENTIALS EXPOSE VARY,
         VARY,
         VARY,
         ALLOW(A) EXPOSE VARY,
         ALLOW("*") EXPOSE VARY,
         ""},
        {{"Vary", "Accept, origin"},
         ALLOW(A) CREDENTIALS EXPOSE,
         "",
         "",
         ALLOW(A) EXPOSE,
         ALLOW("*") EXPOSE,
         ""},
        {{"Vary", "Accept", "X", "y", "vary", "ORIGIN"},
         ALLOW(A) CREDENTIALS EXPOSE,
         "",
         "",
         ALLOW(A) EXPOSE,
         ALLOW("*") EXPOSE,
         ""},
        {{"Vary", "*"},
         ALLOW(A) CREDENTIALS EXPOSE,
         "",
         "",
         ALLOW(A) EXPOSE,
         ALLOW("*") EXPOSE,
         ""},
        {{"Vary", "X-Origin, Origins"},
         ALLOW(A) CREDENTIALS EXPOSE VARY,
         VARY,
         VARY,
         ALLOW(A) EXPOSE VARY,
         ALLOW("*") EXPOSE VARY,
         ""},
        /* the function decides */
        {{ACAO, "*"}, "", "", "", "", "", ""},
        {{ACAO, "*", "Vary", "Accept"}, "", "", "", "", "", ""},
        {{ACAO, "https://own.example"}, VARY, VARY, VARY, VARY, VARY, VARY},
        {{ACAO, "https://own.example", "Vary", "Origin"}, "", "", "", "", "", ""},
        {{"access-control-allow-origin", "null", "Access-Control-Allow-Credentials", "true"},
         VARY,
         VARY,
         VARY,
         VARY,
         VARY,
         VARY},
        /* credentials are said once, and never for any origin */
        {{"Access-Control-Allow-Credentials", "true"},
         ALLOW(A) EXPOSE VARY,
         VARY,
         VARY,
         ALLOW("*") EXPOSE VARY,
         ALLOW("*") EXPOSE VARY,
         ""},
        {{"Access-Control-Expose-Headers", "x", "access-control-allow-credentials", "true"},
         ALLOW(A) EXPOSE VARY,
         VARY,
         VARY,
         ALLOW("*") EXPOSE VARY,
         ALLOW("*") EXPOSE VARY,
         ""},
        {{"Access-Control-Expose-Headers", "x"},
         ALLOW(A) CREDENTIALS EXPOSE VARY,
         VARY,
         VARY,
         ALLOW(A) EXPOSE VARY,
         ALLOW("*") EXPOSE VARY,
         ""},
    };
    struct ot_cors *list = make(A);
    struct ot_cors *any = make("*");
    struct ot_cors *none = make("");

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        const struct {
            const struct ot_cors *cors;
            const char *origin, *expected;
        } tries[] = {
            {list, A, cases[i].allowed},      {list, "https://b.example", cases[i].refused},
            {list, NULL, cases[i].absent},    {any, A, cases[i].any},
            {any, NULL, cases[i].any_absent}, {none, A, cases[i].none},
            {none, NULL, cases[i].none},
        };

        for (size_t k = 0; k < OT_COUNT(tries); k++) {
            OT_AUTOFREE char *got = answer(tries[k].cors, tries[k].origin, cases[i].own);

            if (strcmp(got, tries[k].expected) != 0)
                fail_msg("case %zu, try %zu: %s\nexpected %s", i, k, got, tries[k].expected);
        }
    }
    ot_cors_free(list);
    ot_cors_free(any);
    ot_cors_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),    cmocka_unit_test(refused_options),
        cmocka_unit_test(modes),       cmocka_unit_test(exposes),
        cmocka_unit_test(preflights),  cmocka_unit_test(what_is_a_preflight),
        cmocka_unit_test(own_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
