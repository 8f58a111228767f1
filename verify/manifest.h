/*
 * manifest.json, schema 1: what the code is. Read strictly: the keys of
 * schemas/manifest.schema.json in that order, nothing else, integers in range, sorted lists, valid
 * names and paths, no path that is another's folder.
 */
#pragma once

#include "base/digest.h"
#include "base/json.h"

#include <stdint.h>

#define OT_SCHEMA 1
#define OT_ENGINE_NAME "workerd"
/* Where a payload carries the engine's program. Only the manifest's own `engine` can say so: no
 * function's module can be this member. */
#define OT_ENGINE_PATH "engine/workerd"

/* A member of the payload: a bundle or a file. `path` belongs to the manifest. */
struct ot_member {
    const char *path;
    uint64_t size;
    uint8_t sha256[OT_SHA256_SIZE];
    uint64_t offset; /* of its data in a payload; set by ot_manifest_parse from the layout */
};

enum ot_rate_limit_by { OT_BY_UNSET, OT_BY_IDENTITY, OT_BY_IP, OT_BY_GLOBAL };

/* Who answers the CORS preflights of a function. */
enum ot_preflight { OT_PREFLIGHT_UNSET, OT_PREFLIGHT_GATEWAY, OT_PREFLIGHT_FUNCTION };

/* An optional list: `given` tells an empty list from none. */
struct ot_optional_list {
    bool given;
    struct ot_list list;
};

#define OT_UNSET UINT64_MAX
#define OT_NAME_SIZE 64u    /* of a function's or cell's name, with its NUL */
#define OT_REPLICAS_MAX 64u /* of a cell */

/*
 * The normalised 1tube.json. Numbers that were not given are OT_UNSET; none is above 2^31 - 1, and
 * memoryMB, cpuMs, min_replicas, replicas, maxConcurrency and errorWindow are at least 1.
 * Permissions are sorted, each item once, 1 to 1,024 bytes of UTF-8 without control characters;
 * items of `env` are names or `*`.
 */

struct ot_function_config {
    bool is_public;
    bool isolate; /* context: it lives in one object between requests, not in each request */
    uint64_t timeout_ms;
    uint64_t rpm;
    enum ot_rate_limit_by rate_limit_by;
    enum ot_preflight preflight; /* see ot_function_answers_preflights */
    uint64_t memory_mb;
    uint64_t cpu_ms; /* without a turn of the event loop */
    bool warm;
    uint64_t min_replicas, replicas; /* processes that are kept; the most of them */
    char cell[OT_NAME_SIZE];         /* which one it shares with others; "": its own */
    uint64_t ttl_s;                  /* a process's life; 0: one request */
    uint64_t idle_timeout_s;         /* without a request it is stopped; 0: never */
    uint64_t max_concurrency;        /* requests that a process has at the same time */
    uint64_t max_requests;           /* recycle.maxRequests */
    uint64_t error_rate_thousandths; /* recycle.errorRateThousandths, 0 to 1000 */
    uint64_t error_window;           /* recycle.errorWindow */
    uint64_t cooldown_ms;            /* recycle.cooldownMs */
    struct ot_optional_list net, env, read, write; /* permissions.* */
};

/* What `preflight` says; where it says nothing: the function when it is public, else the gateway.
 */
bool ot_function_answers_preflights(const struct ot_function_config *config);

struct ot_function {
    const char *name;
    const struct ot_member *bundle;
    const struct ot_member *
        *modules; /* chunks and module files that it can reach, sorted by path */
    size_t module_count;
    struct ot_function_config config;
};

struct ot_manifest {
    char *builder_onetube, *builder_esbuild;
    bool minify, splitting; /* `splitting` may be missing: off */
    char *sourcemap, *target;
    char *compatibility_date;
    struct ot_list compatibility_flags; /* in the manifest's order, each once */
    const struct ot_member *engine;     /* its program, if it is carried; else NULL */
    char *architecture;                 /* of that: what uname -m says of such a machine */
    struct ot_list env;                 /* names, sorted */
    struct ot_function *functions;      /* sorted by name */
    size_t function_count;
    struct ot_member
        *members; /* bundles and files merged, sorted by path: the order in the payload */
    size_t member_count;
    uint64_t payload_size;            /* of the whole canonical archive */
    const struct ot_member **modules; /* what the functions' `modules` point into */
    char *strings;                    /* what every `char *` above points into */
};

/*
 * Reads the manifest's bytes. E_MANIFEST, or E_SCHEMA for another `schema`, or E_ENGINE for another
 * `engine.name`. Free with ot_manifest_free.
 */
OT_MUST_USE int ot_manifest_parse(struct ot_span text, struct ot_manifest **out,
                                  struct ot_error *err);
void ot_manifest_free(struct ot_manifest *manifest);

/* By name, or NULL; by path, or NULL. Binary searches. */
const struct ot_function *ot_manifest_function(const struct ot_manifest *manifest,
                                               struct ot_span name);
const struct ot_member *ot_manifest_member(const struct ot_manifest *manifest, struct ot_span path);
