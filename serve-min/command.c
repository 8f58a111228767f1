#include "serve-min/serve.h"

#include <limits.h>

#define AT(member) offsetof(struct ot_serve_values, member)

static const struct ot_option options[] = {
    OT_TRUST_OPTIONS(struct ot_serve_values, trust),
    OT_TRUST_THREADS_OPTION(struct ot_serve_values, trust),
    {.name = "listen",
     .value = "ADDRESS",
     .help = "HOST:PORT with a numeric host or localhost (port 0: a free one), unix:PATH, or fd:N, "
             "a listening socket that was passed on (default 127.0.0.1:3100)",
     .type = OT_OPTION_STRING,
     .offset = AT(listen)},
    {.name = "function",
     .value = "NAME",
     .help = "serve only this function; may be given several times (default: all)",
     .type = OT_OPTION_LIST,
     .offset = AT(functions)},
    {.name = "route-prefix",
     .value = "PATH",
     .help = "what stands before a function's name (default /functions/v1)",
     .type = OT_OPTION_STRING,
     .may_be_empty = true,
     .offset = AT(route_prefix)},
    {.name = "env",
     .value = "NAMES",
     .help =
         "environment variables that functions may read, separated by commas, of those that the "
         "manifest names; \"*\" means all that it names (default: none)",
     .type = OT_OPTION_COMMAS,
     .offset = AT(env)},
    {.name = "engine",
     .value = "PATH",
     .help = "the workerd program, for a payload that carries none (default: the one installed "
             "with this program, or on PATH)",
     .type = OT_OPTION_STRING,
     .offset = AT(engine)},
    {.name = "replace-engine",
     .help = "run that one even if the payload carries its own",
     .type = OT_OPTION_FLAG,
     .offset = AT(replace_engine)},
    {.name = "receipts",
     .value = "FILE",
     .help = "append a receipt of this boot, chained to the one before (onetube receipts verify)",
     .type = OT_OPTION_STRING,
     .offset = AT(receipts)},
    {.name = "ready-fd",
     .value = "N",
     .help =
         "write \"ready\" and a newline to this descriptor (from 3), and close it, once requests "
         "are answered",
     .type = OT_OPTION_UINT,
     .offset = AT(ready_fd),
     .max = INT_MAX},
    {.name = "trust-identity-headers",
     .help = "pass x-1tube-auth-* and x-1tube-invocation-id request headers on, because only a "
             "gateway can connect; for unix: and fd: only",
     .type = OT_OPTION_FLAG,
     .offset = AT(trust_identity_headers)},
    {.name = "drain-ms",
     .value = "MS",
     .help = "how long requests may take to finish after SIGTERM (default 10000)",
     .type = OT_OPTION_UINT,
     .offset = AT(drain_ms),
     .max = INT_MAX},
    {.name = "start-timeout-ms",
     .value = "MS",
     .help = "how long the engine may take to start (default 30000)",
     .type = OT_OPTION_UINT,
     .offset = AT(start_timeout_ms),
     .max = INT_MAX},
    {.name = NULL},
};

const struct ot_command ot_serve_command = {
    .name = NULL,
    .operands = "FILE|DIST",
    .summary = "boot a signed payload",
    .description =
        "Verifies a payload (.1tube) or dist folder and boots exactly the verified bytes in one "
        "engine; "
        "nothing is written to disk but what --state asks for. A function answers at PREFIX/NAME "
        "and below it. Nobody is "
        "authenticated here: a function that is not public answers 401, unless a gateway in front "
        "is "
        "trusted with --trust-identity-headers.\n"
        "\n"
        "Readiness is told to NOTIFY_SOCKET, --ready-fd and in one line on standard error. SIGTERM "
        "and "
        "SIGINT refuse new connections and let requests finish; a second signal cuts them off. "
        "Functions' "
        "console output goes to standard output, their errors to standard error. A Unix socket is "
        "open "
        "to its owner and, as far as the umask says, to its group.\n"
        "\n"
        "With --state no release ever runs that is older than one that has answered here. The file "
        "is "
        "replaced in one step when the engine is ready, and before readiness is told; a release "
        "that "
        "does not come so far leaves it as it was. It is of the releases of one name. One that "
        "is "
        "damaged, or that others may write to, is refused (E_STATE), never taken for a new one; "
        "without any, the first release that answers makes it.\n"
        "\n"
        "Exit status: 0 stopped by a signal with every request answered; 1 stopped but cut off; 2 "
        "wrong "
        "usage; 3 verification refused the payload; 4 the engine is missing, failed to start or "
        "ended by "
        "itself; 78 not fit to serve: nothing is trusted, the port is taken, the engine is too "
        "old. "
        "--version prints the version.",
    .example =
        "  onetube-serve fw.1tube --trust release.pub.pem --state /var/lib/onetube/shop.state\n"
        "  onetube-serve fw.1tube --listen unix:/run/shop.sock --env STRIPE_KEY,SMTP_HOST",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct ot_serve_values),
};

void ot_serve_defaults(void *pointer)
{
    struct ot_serve_values *values = pointer;

    *values = (struct ot_serve_values){.listen = "127.0.0.1:3100",
                                       .route_prefix = "",
                                       .ready_fd = UINT64_MAX,
                                       .drain_ms = 10000,
                                       .start_timeout_ms = 30000};
    ot_trust_options_init(&values->trust);
}
