/* `onetube serve`: its options, and what is made of them. */
#pragma once

#include "cli/build_options.h"
#include "gateway/gateway.h"
#include "gateway/log.h"
#include "verify/trust_options.h"

struct ot_gateway_values {
    struct ot_trust_options trust;
    struct ot_build_values build; /* its `functions` and `env` are the gateway's too */
    const char *prebuilt;
    bool watch, dev;

    struct ot_list listen;
    const char *host;
    uint64_t port;
    uint64_t threads;
    const char *route_prefix;
    uint64_t max_connections, max_connections_per_address;
    uint64_t max_url_bytes, max_head_bytes, max_headers;
    uint64_t header_ms, keepalive_ms;
    const char *tls_cert, *tls_key;

    uint64_t body_limit_mb; /* in thousandths */
    uint64_t body_read_ms;
    uint64_t timeout;
    bool stream_deadline;
    uint64_t stream_idle_ms, websocket_idle_ms;

    const char *jwt_secret, *service_role_key, *internal_key;
    const char *jwks, *jwt_issuer, *jwt_audience;

    bool rate_limit;
    uint64_t default_rpm;
    struct ot_list trusted_proxies;

    struct ot_list cors_origins, cors_headers, cors_methods, cors_expose;
    uint64_t cors_max_age; /* OT_CORS_NO_MAX_AGE: none */
    const char *cors_credentials;

    const char *isolation;
    bool warm;
    const char *warm_order;
    uint64_t max_cells, max_queue, idle_timeout, failure_budget;
    const char *engine;
    bool replace_engine;
    const char *receipts;
    uint64_t start_timeout_ms, warmup_grace_ms, drain_ms;
    uint64_t cell_memory_mb, cell_cpu_ms;

    const char *log_format;
    uint64_t ready_fd; /* UINT64_MAX: none */
    const char *control_socket;
};

extern const struct ot_command ot_gateway_command;
void ot_gateway_defaults(void *values);

/*
 * Settings from options, with everything that they point to. Start from `{0}`; ot_serving_free also
 * after an error.
 */
struct ot_serving {
    const struct ot_gateway_values *values;
    bool builds;           /* --functions, not --prebuilt */
    const char *functions; /* the folder to build */
    struct ot_settings settings;
    struct ot_cors *cors;
    struct ot_auth *auth;
    char *prefix, *jwt_secret, *service_key, *internal_key;
    struct ot_list listen;
    struct ot_list watch;
};

/* OT_USAGE; OT_CONFIG for keys that cannot be read. */
OT_MUST_USE int ot_serving_make(const struct ot_gateway_values *values,
                                const struct ot_parsed *parsed, struct ot_serving *serving,
                                struct ot_error *err);
void ot_serving_free(struct ot_serving *serving);

/* A line of the gateway's log. */
void ot_serving_say(const struct ot_serving *serving, enum ot_log_level level, const char *format,
                    ...) OT_PRINTF(3, 4);
