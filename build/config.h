/*
 * `1tube.json` beside a function's entry: read strictly (an unknown key or a bad value is an
 * error with file, line and column), comments and trailing commas accepted, and normalised
 * for the manifest.
 */
#pragma once

#include "base/json_write.h"

#include <stdint.h>

#define OT_CONFIG_NAME "1tube.json"
#define OT_CONFIG_MAX (256u << 10) /* bytes */
#define OT_CONFIG_UNSET UINT64_MAX
#define OT_CONFIG_NAME_SIZE 64      /* of a name, with its NUL */
#define OT_CONFIG_ISOLATE "isolate" /* of `context` */

struct ot_config_list {
    bool given;
    struct ot_list list; /* sorted, each once */
};

struct ot_config {
    bool public_given, is_public;
    char context[16];                                  /* "" where not given */
    uint64_t timeout_ms, rpm, memory_mb, min_replicas; /* OT_CONFIG_UNSET where not given */
    uint64_t cpu_ms, replicas, ttl_s, idle_timeout_s, max_concurrency; /* the same */
    char cell[OT_CONFIG_NAME_SIZE];                                    /* "" where not given */
    char rate_limit_by[16];                                            /* "" where not given */
    char preflight[16];                                                /* "" where not given */
    bool warm_given, warm;
    uint64_t max_requests, error_rate_thousandths, error_window, cooldown_ms; /* recycle */
    struct ot_config_list net, env, read, write;                              /* permissions */
    /* for the build alone */
    struct ot_config_list files; /* patterns of static files */
    bool strip_name_given, strip_name;
};

/*
 * `text` is the file's content, `file` its name for messages ("functions/pay/1tube.json:3:5:
 * ..."). Errors: OT_FAILED.
 */
OT_MUST_USE int ot_config_parse(struct ot_config *config, struct ot_span text, const char *file,
                                struct ot_error *err);
/* All defaults. */
void ot_config_init(struct ot_config *config);
void ot_config_free(struct ot_config *config);

/*
 * Writes the normalised object under the key "config": only what was given, in the manifest
 * schema's order; `is_public` in place of what the file said. A `context` that is not "isolate" is
 * left out.
 */
void ot_config_write(const struct ot_config *config, bool is_public, struct ot_json_writer *writer);
