/* What a gateway was told to do: one immutable object that all its threads read. */
#pragma once

#include "gateway/address.h"
#include "gateway/auth.h"
#include "gateway/cors.h"
#include "gateway/limiter.h"

enum ot_log_format { OT_LOG_TEXT, OT_LOG_JSON, OT_LOG_OFF };

struct ot_settings {
    const char *prefix; /* normalised: "/functions/v1" */
    bool dev;

    /* Limits of a request. Times in milliseconds, sizes in bytes; 0 switches a limit off unless
     * it says otherwise. */
    uint64_t body_max;
    uint64_t body_idle_ms;      /* no byte of a request's body for so long: 408 */
    uint64_t header_ms;         /* from the first byte of a head to its end: 408 */
    uint64_t keepalive_ms;      /* an idle connection is closed */
    uint64_t timeout_ms;        /* deadline of a function that says none itself */
    bool timeout_covers_stream; /* the deadline goes on while the body streams */
    uint64_t stream_idle_ms;    /* no byte of an answer's body for so long: broken off */
    uint64_t websocket_idle_ms; /* no byte either way for so long: closed */
    uint64_t target_max;        /* never 0: longer targets are 414 */
    uint64_t head_max;          /* never 0: larger heads are 431 */
    uint64_t headers_max;       /* never 0: more fields are 431 */
    uint64_t connections_max;   /* never 0: all threads together */
    uint64_t connections_per_address;

    /* For functions without memoryMB or cpuMs; 0: none. Mebibytes, milliseconds. */
    uint64_t cell_memory_mb, cell_cpu_ms;

    uint64_t default_rpm; /* 0: functions that say none are exempt */
    bool rate_limit;
    struct ot_ranges trusted_proxies;

    const struct ot_cors *cors;
    struct ot_auth *auth;
    struct ot_limiter *limiter;
    const char *internal_key; /* NULL: details and metrics are closed for everyone */

    enum ot_log_format log_format;
    uint64_t drain_ms;    /* how long requests may take to finish after a stop or a swap */
    uint64_t retry_ms;    /* how long a request may wait for a cell that is starting */
    uint64_t idle_ms;     /* an engine that has nothing to do for so long is stopped */
    uint64_t queue_max;   /* requests that may wait for a place in a function's engines */
    size_t cached_tokens; /* per thread */
};
