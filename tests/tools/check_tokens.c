/*
 * What the gateway says of tokens: `check_tokens NOW SECRET JWKS`, each "" for none, reads tokens
 * from standard input, one a line, and writes for each its verdict and the header lines for the
 * function, as JSON: {"verdict":"ok","service":false,"lines":["x-1tube-auth-user: ..."]}.
 *
 * `check_tokens time SECRET JWKS COUNT` takes one token and writes how many nanoseconds a check
 * takes when it is verified and when it is in the cache.
 */
#include "base/json_write.h"
#include "base/text.h"
#include "gateway/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *name_of(enum ot_auth_verdict verdict)
{
    static const char *const names[] = {
        [OT_AUTH_NONE] = "none",         [OT_AUTH_OK] = "ok",
        [OT_AUTH_UNCACHED] = "uncached", [OT_AUTH_PENDING] = "pending",
        [OT_AUTH_EXPIRED] = "expired",   [OT_AUTH_INVALID] = "invalid"};

    return names[verdict];
}

static void put_lines(struct ot_json_writer *writer, struct ot_span headers)
{
    ot_jw_array(writer, "lines");
    while (headers.len > 0) {
        const char *end = memchr(headers.data, '\r', headers.len);
        size_t len = (size_t)(end - headers.data);

        ot_jw_span(writer, NULL, (struct ot_span){headers.data, len});
        headers = (struct ot_span){end + 2, headers.len - len - 2};
    }
    ot_jw_array_end(writer);
}

static void check(struct ot_auth *auth, struct ot_token_cache *cache, const char *token,
                  uint64_t now_s)
{
    OT_AUTOFREE char *field = ot_asprintf("Bearer %s", token);
    OT_AUTOBUF struct ot_buf out = {0};
    struct ot_identity identity = {0};
    enum ot_auth_verdict verdict =
        ot_auth_check(auth, cache, ot_span_of(field), true, now_s, &identity);
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "verdict", name_of(verdict));
    if (verdict == OT_AUTH_OK) {
        ot_jw_bool(&writer, "service", identity.is_service);
        put_lines(&writer, identity.headers);
    }
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
    fputs(out.data, stdout);
}

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* One check, and the average of `count` of them; every one forgets the last when `fresh`. */
static double time_checks(struct ot_auth *auth, const char *token, unsigned count, bool fresh)
{
    struct ot_token_cache *cache = ot_token_cache_new(1000);
    OT_AUTOFREE char *field = ot_asprintf("Bearer %s", token);
    struct ot_identity identity;
    double took = 0;

    for (unsigned i = 0; i <= count; i++) {
        double start = now_ns();

        if (ot_auth_check(auth, cache, ot_span_of(field), true, (uint64_t)time(NULL), &identity) !=
            OT_AUTH_OK)
            exit(1);
        took += i > 0 ? now_ns() - start : 0; /* the first one warms up */
        if (fresh) {
            ot_token_cache_free(cache);
            cache = ot_token_cache_new(1);
        }
    }
    ot_token_cache_free(cache);
    return took / count;
}

int main(int argc, char **argv)
{
    const struct ot_auth_options options = {.jwt_secret = argc > 2 ? argv[2] : NULL,
                                            .jwks = argc > 3 ? argv[3] : NULL};
    struct ot_token_cache *cache = ot_token_cache_new(100);
    struct ot_auth *auth = NULL;
    struct ot_error err = {0};
    char line[65536];
    uint64_t now_s = 0;

    if (argc < 4 || (strcmp(argv[1], "time") != 0 &&
                     !ot_parse_uint(ot_span_of(argv[1]), OT_SAFE_INTEGER_MAX, &now_s))) {
        fputs("usage: check_tokens NOW|time SECRET JWKS [COUNT]\n", stderr);
        return 2;
    }
    if (ot_auth_make(&options, &auth, &err) < 0) {
        fprintf(stderr, "check_tokens: %s\n", err.message);
        return 1;
    }
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(argv[1], "time") != 0) {
            check(auth, cache, line, now_s);
        } else {
            unsigned count = argc > 4 ? (unsigned)atoi(argv[4]) : 1000;

            printf("%.0f %.0f\n", time_checks(auth, line, count, true),
                   time_checks(auth, line, 100 * count, false));
        }
    }
    ot_auth_free(auth);
    ot_token_cache_free(cache);
    return 0;
}
