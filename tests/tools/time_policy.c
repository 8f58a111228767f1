/* Prints the nanoseconds that each step of a request's policy takes, best of several rounds. */
#include "gateway/breaker.h"
#include "gateway/cors.h"
#include "gateway/limiter.h"
#include "gateway/metrics.h"
#include "gateway/request_id.h"
#include "gateway/target.h"
#include "tests/unit/headers.h"
#include "verify/manifest_reader.h"

#include <stdio.h>
#include <time.h>

#define TIMES 200000u
#define ROUNDS 15

static struct ot_buf out, scratch;
static struct ot_limiter *limiter;
static struct ot_cors *list, *any;
static struct ot_breaker *breaker;
static struct ot_counters counters;
static struct ot_ids ids;
static struct ot_ranges trusted;
static struct ot_address client, proxy;
static struct unit_headers none, forwarded;
static struct ot_limit_key key;

/* So that nothing is left out as unused. */
static volatile unsigned sink;

static void plain_target(unsigned i)
{
    struct ot_target target;

    (void)i;
    ot_target_parse(OT_SPAN("/functions/v1/hello/orders/17?limit=20&after=abc"), "/functions/v1",
                    &scratch, &target);
    sink = target.kind;
}

static void dotted_target(unsigned i)
{
    struct ot_target target;

    (void)i;
    ot_target_parse(OT_SPAN("/functions/v1/x/%2e%2e/hello/./orders/17?limit=20"), "/functions/v1",
                    &scratch, &target);
    sink = target.kind;
}

static void request_id(unsigned i)
{
    char text[OT_REQUEST_ID];

    ot_request_id(&ids, 1795219200000 + i / 50, text);
    sink = (unsigned char)text[35];
}

static void new_trace(unsigned i)
{
    char text[OT_TRACEPARENT];

    (void)i;
    sink = ot_traceparent(&ids, (struct ot_span){NULL, 0}, text);
}

static void kept_trace(unsigned i)
{
    char text[OT_TRACEPARENT];

    (void)i;
    sink = ot_traceparent(&ids, OT_SPAN("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
                          text);
}

static void direct_origin(unsigned i)
{
    struct ot_origin origin;

    (void)i;
    ot_origin_find(&trusted, &client, &none.headers, &origin);
    sink = origin.through_proxy;
}

static void proxied_origin(unsigned i)
{
    struct ot_origin origin;

    (void)i;
    ot_origin_find(&trusted, &proxy, &forwarded.headers, &origin);
    sink = origin.through_proxy;
}

static void address_text(unsigned i)
{
    char text[OT_ADDRESS_TEXT];

    (void)i;
    ot_address_text(&client, text);
    sink = (unsigned char)text[0];
}

static void address_key(unsigned i)
{
    (void)i;
    key = ot_limit_by_address(limiter, OT_SPAN("hello"), &client);
    sink = (unsigned)key.hash[0];
}

static void user_key(unsigned i)
{
    (void)i;
    key = ot_limit_by_user(limiter, OT_SPAN("hello"),
                           OT_SPAN("5b2e9a1c-55a1-4f0e-9f2a-1c2d3e4f5a6b"));
    sink = (unsigned)key.hash[0];
}

static void limit_one(unsigned i)
{
    struct ot_limit limit;

    ot_limiter_check(limiter, key, 1000000, i, true, &limit);
    sink = limit.allowed;
}

/* Another key each time, so that the table is not in the processor's cache. */
static void limit_many(unsigned i)
{
    struct ot_limit_key other = {{i * 0x9e3779b97f4a7c15ull, i}};
    struct ot_limit limit;

    ot_limiter_check(limiter, other, 120, 1000, true, &limit);
    sink = limit.allowed;
}

static void limit_lines(unsigned i)
{
    const struct ot_limit limit = {true, 120, i % 120, 60, 0};

    ot_buf_clear(&out);
    ot_limit_write(&limit, &out);
}

static void cors_absent(unsigned i)
{
    struct ot_span origin = {NULL, 0};

    (void)i;
    ot_buf_clear(&out);
    ot_cors_write(list, ot_cors_decide(list, origin), origin, &none.headers, &out);
}

static void cors_listed(unsigned i)
{
    struct ot_span origin = OT_SPAN("https://shop.app.example");

    (void)i;
    ot_buf_clear(&out);
    ot_cors_write(list, ot_cors_decide(list, origin), origin, &none.headers, &out);
}

static void cors_any(unsigned i)
{
    struct ot_span origin = OT_SPAN("https://shop.app.example");

    (void)i;
    ot_buf_clear(&out);
    ot_cors_write(any, ot_cors_decide(any, origin), origin, &none.headers, &out);
}

static void break_circuit(unsigned i)
{
    uint64_t retry_after_s;
    enum ot_admission admission = ot_breaker_admit(breaker, i, &retry_after_s);

    ot_breaker_record(breaker, admission, OT_OUTCOME_OK, i % 64, i);
    sink = admission;
}

static void count_request(unsigned i)
{
    ot_counters_begin(&counters.functions[0]);
    ot_counters_finish(&counters.functions[0], 200, i % 5000, i);
}

static void time_step(const char *name, void (*step)(unsigned))
{
    double best = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        struct timespec start, end;
        double took;

        clock_gettime(CLOCK_MONOTONIC, &start);
        for (unsigned i = 0; i < TIMES; i++)
            step(i);
        clock_gettime(CLOCK_MONOTONIC, &end);
        took = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
        best = took / TIMES < best ? took / TIMES : best;
    }
    printf("%-48s %6.1f ns\n", name, best);
}

static bool set_up(struct ot_error *err)
{
    static const char *const fields[] = {"X-Forwarded-For", "203.0.113.9, 10.0.0.2", NULL};
    static const char *const no_fields[] = {NULL};
    struct ot_list origins = {0}, empty = {0}, star = {0};
    struct ot_cors_options options = {.origins = &origins,
                                      .allow_headers = &empty,
                                      .allow_methods = &empty,
                                      .expose_headers = &empty,
                                      .max_age = OT_CORS_NO_MAX_AGE};
    struct ot_function_config config;

    ot_list_split(&origins, "https://one.example,https://two.example:8443,https://*.app.example");
    ot_list_add(&star, "*");
    ot_function_config_init(&config);
    breaker = ot_breaker_new(&config);
    limiter = ot_limiter_new(65536);
    ot_counters_init(&counters, 1);
    unit_set_headers(&forwarded, fields);
    unit_set_headers(&none, no_fields);
    if (ot_cors_make(&options, &list, err) < 0)
        return false;
    options.origins = &star;
    return ot_cors_make(&options, &any, err) == 0 &&
           ot_ranges_add(&trusted, OT_SPAN("loopback"), err) == 0 &&
           ot_ranges_add(&trusted, OT_SPAN("private"), err) == 0 &&
           ot_address_parse(OT_SPAN("198.51.100.23"), &client) &&
           ot_address_parse(OT_SPAN("10.0.0.1"), &proxy);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*step)(unsigned);
    } steps[] = {
        {"request id", request_id},
        {"traceparent, none given", new_trace},
        {"traceparent, kept", kept_trace},
        {"target", plain_target},
        {"target with dot segments", dotted_target},
        {"client, direct", direct_origin},
        {"client, behind two proxies", proxied_origin},
        {"its address as text", address_text},
        {"cors, no Origin", cors_absent},
        {"cors, listed", cors_listed},
        {"cors, any", cors_any},
        {"limit key of an address", address_key},
        {"limit key of a user", user_key},
        {"limit, one key", limit_one},
        {"limit, 200,000 keys", limit_many},
        {"limit header lines", limit_lines},
        {"breaker, admit and record", break_circuit},
        {"counters, begin and finish", count_request},
    };
    struct ot_error err = {0};

    if (!set_up(&err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (size_t i = 0; i < OT_COUNT(steps); i++)
        time_step(steps[i].name, steps[i].step);
    return 0;
}
