/* `onetube serve`: the control thread. Starts, swaps, drains and stops everything else. */
#pragma once

#include "gateway/generation.h"
#include "verify/acceptance.h"

/*
 * Where a generation comes from. `open` verifies and returns a payload, and what will be remembered
 * of it once it has answered (NULL: nothing); it may build first, takes as long as it needs and
 * runs on a thread of its own; never twice at the same time.
 */
struct ot_gateway_source {
    int (*open)(void *context, struct ot_payload **out, struct ot_acceptance **acceptance,
                struct ot_error *err);
    void *context;
    /* What to watch: a change below (folders) or of (files) these opens the next generation. NULL:
     * nothing. */
    const struct ot_list *watch;
};

struct ot_gateway_options {
    struct ot_settings *settings; /* auth, cors and limiter made; lives until the gateway ended */
    struct ot_gateway_source source;
    const struct ot_list *listen; /* HOST:PORT, unix:PATH, fd:N; systemd's sockets come by fd:N */
    /* PEM files, both or none; TLS is spoken wherever not only this machine can connect */
    const char *tls_cert, *tls_key;
    unsigned threads; /* 0: one for each core, at most 4 */
    enum ot_isolation isolation;
    const struct ot_list *env;
    const char *engine;  /* for a payload that carries none; NULL: found */
    bool replace_engine; /* that one, even if the payload carries its own */
    uint64_t start_timeout_ms;
    bool warm;
    const char *recent_file; /* what was called lately is kept there; NULL: nowhere */
    uint64_t cells_max;      /* engine processes at the same time; 0: no limit */
    struct ot_backoff backoff;
    uint64_t ready_fd;          /* UINT64_MAX: none */
    const char *control_socket; /* its path, "none", or NULL: ot_ops_default_path */
};

/*
 * Serves until SIGTERM or SIGINT; SIGHUP opens the next generation (and reads the TLS files and the
 * key set again). Returns 0 when everything was drained, else -1: OT_FAILED cut off, or what kept
 * it from starting: OT_CONFIG an address that is taken, files that cannot be read; OT_REFUSED what
 * verification refused; OT_TOOL the engine is missing.
 */
OT_MUST_USE int ot_gateway_run(const struct ot_gateway_options *options, struct ot_error *err);
