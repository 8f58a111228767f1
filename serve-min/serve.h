/* The program onetube-serve: verifies a payload, boots one engine from it and stays with it. */
#pragma once

#include "verify/trust_options.h"

struct ot_serve_values {
    struct ot_trust_options trust;
    const char *listen;
    struct ot_list functions;
    const char *route_prefix;
    struct ot_list env;
    const char *engine;
    bool replace_engine;
    const char *receipts; /* NULL: none are written */
    uint64_t ready_fd;    /* UINT64_MAX: none */
    bool trust_identity_headers;
    uint64_t drain_ms, start_timeout_ms;
};

/* Its options: for parsing, --help and the man page. */
extern const struct ot_command ot_serve_command;
/* `values` is a struct ot_serve_values. */
void ot_serve_defaults(void *values);

/* Returns when the engine has ended after a signal; all else is an error. `path` is the payload or
 * dist. */
OT_MUST_USE int ot_serve(const struct ot_serve_values *values, const char *path,
                         struct ot_error *err);

/* The whole program: parses, serves, prints the error if there is one. Returns the exit code. */
int ot_serve_main(int argc, char **argv);
