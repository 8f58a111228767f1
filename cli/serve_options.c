/* The table of `onetube serve`. */
#include "cli/serve.h"

#include "gateway/log.h"

#define AT(member) offsetof(struct ot_gateway_values, member)
#define NUMBER(word, unit, member, most, text)                                                     \
    {                                                                                              \
        .name = (word), .value = (unit), .help = (text), .type = OT_OPTION_UINT,                   \
        .offset = AT(member), .max = (most)                                                        \
    }
#define MILLISECONDS(word, member, text) NUMBER(word, "MS", member, INT32_MAX, text)
#define TEXT(word, what, member, text)                                                             \
    {                                                                                              \
        .name = (word), .value = (what), .help = (text), .type = OT_OPTION_STRING,                 \
        .offset = AT(member)                                                                       \
    }
#define WORDS(word, what, member, text)                                                            \
    {                                                                                              \
        .name = (word), .value = (what), .help = (text), .type = OT_OPTION_COMMAS,                 \
        .offset = AT(member)                                                                       \
    }
#define FLAG(word, member, text)                                                                   \
    {                                                                                              \
        .name = (word), .help = (text), .type = OT_OPTION_FLAG, .offset = AT(member)               \
    }
#define OFF(word, member, text)                                                                    \
    {                                                                                              \
        .name = (word), .help = (text), .type = OT_OPTION_FLAG, .negates = true,                   \
        .offset = AT(member)                                                                       \
    }

static const char *const isolations[] = {"function", "shared", NULL};
static const char *const log_formats[] = {"text", "json", "none", NULL};
static const char *const switches[] = {"on", "off", "true", "false", "1", "0", NULL};

static const struct ot_option options[] = {
    /* what is served */
    TEXT("prebuilt", "DIST|FILE", prebuilt, "serve this payload or dist"),
    OT_BUILD_OPTIONS(struct ot_gateway_values, build, false),
    {.name = "env",
     .value = "A,B",
     .help = "environment variables that functions may read, of those that the payload names; "
             "\"*\" means all (default: none)",
     .type = OT_OPTION_COMMAS,
     .offset = AT(build.env),
     .alias = "1TUBE_WORKERD_ENV"},
    OT_TRUST_OPTIONS(struct ot_gateway_values, trust),
    FLAG("watch", watch,
         "serve what is at --prebuilt, or built from --functions, anew when it "
         "changes (always with --dev and --functions)"),
    FLAG("dev", dev,
         "for development: any origin, unsigned payloads, a JWT secret that everybody knows"),
    /* where */
    {.name = "listen",
     .value = "ADDRESS",
     .help = "HOST:PORT with a numeric host or localhost (port 0: a free one), unix:PATH, or fd:N, "
             "a listening socket that was passed on; may be given several times (default: the "
             "service manager's sockets, else --host and --port)",
     .type = OT_OPTION_LIST,
     .offset = AT(listen)},
    TEXT("host", "HOST", host, "a numeric address or localhost (default 127.0.0.1)"),
    {.name = "port",
     .value = "PORT",
     .help = "default 3100",
     .type = OT_OPTION_UINT,
     .offset = AT(port),
     .max = UINT16_MAX,
     .alias = "PORT"},
    TEXT("tls-cert", "FILE", tls_cert,
         "serve HTTPS (HTTP/1.1 and HTTP/2) with this certificate and the chain behind it, in PEM; "
         "Unix sockets stay plain"),
    TEXT("tls-key", "FILE", tls_key, "the certificate's private key in PEM, not encrypted"),
    NUMBER("threads", "N", threads, 256,
           "threads that serve (default 0: one for each core, at most 4)"),
    {.name = "route-prefix",
     .value = "PATH",
     .help = "what stands before a function's name (default /functions/v1)",
     .type = OT_OPTION_STRING,
     .may_be_empty = true,
     .offset = AT(route_prefix)},
    NUMBER("max-connections", "N", max_connections, INT32_MAX,
           "connections of clients at the same time (default 16384)"),
    NUMBER(
        "max-connections-per-address", "N", max_connections_per_address, INT32_MAX,
        "the same for one address, or /64 of IPv6, that is no trusted proxy; 0: no limit (default "
        "1024)"),
    NUMBER("max-url-bytes", "N", max_url_bytes, 1 << 20,
           "longer request targets are refused (default 8192)"),
    NUMBER("max-head-bytes", "N", max_head_bytes, 1 << 20,
           "larger request heads are refused (default 32768)"),
    NUMBER("max-headers", "N", max_headers, 10000,
           "requests with more header fields are refused (default 100)"),
    MILLISECONDS("header-timeout-ms", header_ms,
                 "how long a request's head may take; 0: no limit (default 10000)"),
    MILLISECONDS("keepalive-ms", keepalive_ms,
                 "an idle connection is closed after this; 0: never (default 75000)"),
    /* requests */
    {.name = "body-limit-mb",
     .value = "MB",
     .help = "larger request bodies are refused, in units of 1,048,576 bytes; 0: no limit (default "
             "30)",
     .type = OT_OPTION_DECIMAL,
     .max = 1 << 20,
     .offset = AT(body_limit_mb)},
    MILLISECONDS("body-read-ms", body_read_ms,
                 "a request body that stands still for so long is given up; 0: never (default "
                 "30000)"),
    {.name = "timeout",
     .value = "MS",
     .help = "how long a function may take that says no timeoutMs itself; 0: no limit (default "
             "150000)",
     .type = OT_OPTION_UINT,
     .max = INT32_MAX,
     .offset = AT(timeout),
     .alias = "FUNCTION_TIMEOUT_MS"},
    OFF("no-stream-deadline", stream_deadline,
        "the time for a function ends with its answer's head, not with its body"),
    MILLISECONDS("stream-idle-ms", stream_idle_ms,
                 "an answer's body that stands still for so long is broken off; 0: never (default "
                 "120000)"),
    MILLISECONDS("websocket-idle-ms", websocket_idle_ms,
                 "a WebSocket on which nothing comes for so long is closed; 0: never (default "
                 "300000)"),
    /* who may call */
    {.name = "jwt-secret",
     .value = "SOURCE",
     .help = "the secret of HS256 tokens: env:NAME or a file; in the environment the secret itself",
     .type = OT_OPTION_STRING,
     .may_be_empty = true,
     .offset = AT(jwt_secret),
     .alias = "JWT_SECRET"},
    TEXT("jwks", "FILE|URL", jwks, "the key set of RS256, ES256 and EdDSA tokens"),
    TEXT("jwt-issuer", "TEXT", jwt_issuer, "what `iss` of a token must be"),
    TEXT("jwt-audience", "TEXT", jwt_audience, "what `aud` of a token must be or have"),
    {.name = "service-role-key",
     .value = "SOURCE",
     .help = "the key that may call everything: env:NAME or a file; in the environment the key "
             "itself",
     .type = OT_OPTION_STRING,
     .may_be_empty = true,
     .offset = AT(service_role_key),
     .alias = "SUPABASE_SERVICE_ROLE_KEY"},
    {.name = "internal-key",
     .value = "SOURCE",
     .help = "the key of /metrics and of /health's details: env:NAME or a file; in the environment "
             "the key itself",
     .type = OT_OPTION_STRING,
     .may_be_empty = true,
     .offset = AT(internal_key),
     .alias = "INTERNAL_KEY"},
    /* how often */
    NUMBER("default-rpm", "N", default_rpm, 1000000000,
           "requests a minute for functions that say no rpm; 0: not limited (default 120)"),
    {.name = "no-rate-limit",
     .help = "limit nobody's requests",
     .type = OT_OPTION_FLAG,
     .negates = true,
     .offset = AT(rate_limit),
     .alias = "1TUBE_DISABLE_RATE_LIMIT"},
    {.name = "trusted-proxy",
     .value = "A,B",
     .help = "whose X-Forwarded-For counts: addresses, ranges like 10.0.0.0/8, loopback, private, "
             "unix; may be given several times",
     .type = OT_OPTION_COMMAS,
     .offset = AT(trusted_proxies),
     .alias = "1TUBE_TRUSTED_PROXIES"},
    /* other origins */
    WORDS("cors-origin", "A,B", cors_origins,
          "origins that may call: https://app.example, https://*.app.example, app.example (https), "
          "or \"*\" (default: none; with --dev any)"),
    WORDS("cors-allow-headers", "A,B", cors_headers,
          "request headers that they may send, instead of the usual ones of Supabase clients"),
    WORDS("cors-allow-methods", "A,B", cors_methods,
          "methods that they may use (default POST, GET, OPTIONS, PUT, PATCH, DELETE)"),
    WORDS("cors-expose-headers", "A,B", cors_expose, "further response headers that they may read"),
    NUMBER("cors-max-age", "S", cors_max_age, INT32_MAX,
           "how long they may remember a preflight's answer"),
    {.name = "cors-allow-credentials",
     .value = "SWITCH",
     .help =
         "whether they may send credentials (default on for a list of origins; never for \"*\")",
     .type = OT_OPTION_STRING,
     .choices = switches,
     .offset = AT(cors_credentials)},
    /* engines */
    {.name = "isolation",
     .value = "KIND",
     .help =
         "function: engine processes for each function, or for those whose 1tube.json names the "
         "same cell; shared: all functions in one cell, with up to one process for each core; "
         "default function",
     .type = OT_OPTION_STRING,
     .choices = isolations,
     .offset = AT(isolation)},
    FLAG("warm", warm, "start every engine now, not with its first request"),
    TEXT("warm-order", "FILE", warm_order,
         "keep in this file which functions were called last, so that their engines start first "
         "when the gateway starts again"),
    NUMBER(
        "max-cells", "N", max_cells, INT32_MAX,
        "engine processes at the same time; for one more the one that was not used for longest is "
        "stopped, if it is idle, and else waited for; 0: no limit (default 0)"),
    NUMBER("max-queue", "N", max_queue, INT32_MAX,
           "requests that may wait for a place in the engines of a cell (default 1000)"),
    NUMBER("idle-timeout", "S", idle_timeout, 31536000,
           "an engine without a request for so many seconds is stopped, where 1tube.json says no "
           "idleTimeout; 0: never (default 600)"),
    NUMBER(
        "failure-budget", "N", failure_budget, INT32_MAX,
        "an engine that failed more often than this in a row starts again only when it is wanted, "
        "and not within a minute; 0: no limit (default 10)"),
    {.name = "engine",
     .value = "PATH",
     .help = "the workerd program, for a payload that carries none (default: the one installed "
             "with this program, or on PATH)",
     .type = OT_OPTION_STRING,
     .offset = AT(engine),
     .alias = "1TUBE_WORKERD_BIN"},
    {.name = "receipts",
     .value = "FILE",
     .help = "append a receipt for each payload that is served, and for the first answer of each "
             "of its functions, chained to the one before (onetube receipts verify)",
     .type = OT_OPTION_STRING,
     .offset = AT(receipts)},
    FLAG("replace-engine", replace_engine, "run that one even if the payload carries its own"),
    MILLISECONDS("start-timeout-ms", start_timeout_ms,
                 "how long an engine may take to start (default 30000)"),
    MILLISECONDS("warmup-grace-ms", warmup_grace_ms,
                 "how long a request waits for an engine that starts (default 10000)"),
    NUMBER("cell-memory-mb", "N", cell_memory_mb, INT32_MAX,
           "memory of a function that has no memoryMB (default 512; 0: not limited)"),
    MILLISECONDS("cell-cpu-ms", cell_cpu_ms,
                 "CPU time without a pause of a function that has no cpuMs (default 30000; 0: not "
                 "limited)"),
    {.name = "drain-ms",
     .value = "MS",
     .help = "how long requests may take to finish after SIGTERM or a swap (default 10000)",
     .type = OT_OPTION_UINT,
     .max = INT32_MAX,
     .offset = AT(drain_ms),
     .alias = "1TUBE_SHUTDOWN_GRACE_MS"},
    /* telling */
    {.name = "log-format",
     .value = "KIND",
     .help = "how requests are logged; default text",
     .type = OT_OPTION_STRING,
     .choices = log_formats,
     .offset = AT(log_format)},
    NUMBER("ready-fd", "N", ready_fd, INT32_MAX,
           "write \"ready\" and a newline to this descriptor (from 3), and close it, once requests "
           "are answered"),
    TEXT("control-socket", "PATH", control_socket,
         "where onetube ps, top, events, restart, drain and stop find it, a Unix socket for its "
         "own user and "
         "root; none switches it off (default: control.sock in $RUNTIME_DIRECTORY, else PORT.sock "
         "in $XDG_RUNTIME_DIR/onetube, else none)"),
    {.name = NULL},
};

_Static_assert(OT_COUNT(options) <= OT_OPTIONS_MAX + 1, "OT_OPTIONS_MAX");

const struct ot_command ot_gateway_command = {
    .name = "serve",
    .operands = "",
    .summary = "serve functions over HTTP, with every policy in front of them",
    .description =
        "Verifies a payload or dist (--prebuilt), or builds one from --functions (default "
        "supabase/functions), and serves it: a function answers at PREFIX/NAME and below it. Each "
        "function runs in engine processes of its own (unless 1tube.json says otherwise), which "
        "start with its first request and are replaced when they end, without touching the "
        "others.\n"
        "\n"
        "A function that is not public is called only with a valid bearer token: a JWT (HS256 with "
        "--jwt-secret; RS256, ES256, EdDSA with --jwks) or the service role key. The function "
        "finds the token, which has been checked, in Authorization. In production "
        "closed functions are not served without such keys, or with one that is printed in public "
        "documentation (exit status 78). Secrets come from files or the environment, never from "
        "the command line.\n"
        "\n"
        "Requests are limited by address before a token is looked at and by user after it, bodies "
        "and heads by size and time, and a function that keeps failing rests a while. GET / says "
        "that the gateway lives, /health whether every function can be served (503 if not); "
        "details and /metrics (Prometheus) need the internal key as a bearer token.\n"
        "\n"
        "An engine that holds more than 1.5 times its function's memoryMB and 64 MiB for three "
        "seconds is replaced by another one and ends with its last request; none gets more than "
        "half as much again. One whose functions run without a pause for longer than cpuMs of CPU "
        "time, or than a request may take, is killed. Requests that are lost get 502 for memory "
        "and 504 for time. Where functions share an engine memory adds up, and the longest time "
        "applies. One that keeps a processor busy lets others go first: with longer time slices "
        "(Linux 6.12), and nicer by 10 where that may be undone (RLIMIT_NICE, CAP_SYS_NICE); by 5 "
        "when it gives way, but uses a quarter of a processor while other engines have work. "
        "Small pieces of answers are gathered for 2 to 50 ms when a stream has more than 100 of "
        "them a second and its thread more than 1,000.\n"
        "\n"
        "SIGHUP, or a change with --watch, opens the next payload beside the running one; requests "
        "move to it once it is ready, and if it is refused nothing changes. With --state it is "
        "remembered at that moment, and the first payload when an engine of it is ready; one is "
        "started for that. SIGHUP also reads the "
        "files of --tls-cert and --tls-key again, as happens every six hours. SIGTERM and SIGINT "
        "accept no more and let requests finish; a second signal cuts them off. Readiness is told "
        "to NOTIFY_SOCKET, --ready-fd and on standard error; requests and the console of functions "
        "are logged to standard output.\n"
        "\n"
        "Exit status: 0 stopped with every request answered; 1 cut off, or the build failed; 2 "
        "wrong usage; 3 verification refused the payload; 4 the engine is missing; 78 not fit to "
        "serve: nothing is trusted, the port is taken, no or weak keys.",
    .example = "  onetube serve --prebuilt fw.1tube --trust release.pub.pem --jwt-secret "
               "/run/secrets/jwt\n"
               "  onetube serve --functions supabase/functions --dev",
    .options = options,
    .options_size = sizeof(struct ot_gateway_values),
};

void ot_gateway_defaults(void *pointer)
{
    struct ot_gateway_values *values = pointer;

    *values = (struct ot_gateway_values){
        .host = "127.0.0.1",
        .port = 3100,
        .route_prefix = "",
        .max_connections = 16384,
        .max_connections_per_address = 1024,
        .max_url_bytes = 8192,
        .max_head_bytes = 32768,
        .max_headers = 100,
        .header_ms = 10000,
        .keepalive_ms = 75000,
        .body_limit_mb = 30000,
        .body_read_ms = 30000,
        .timeout = 150000,
        .stream_deadline = true,
        .stream_idle_ms = 120000,
        .websocket_idle_ms = 300000,
        .rate_limit = true,
        .default_rpm = 120,
        .cors_max_age = OT_CORS_NO_MAX_AGE,
        .isolation = isolations[0],
        .max_queue = 1000,
        .idle_timeout = 600,
        .failure_budget = 10,
        .start_timeout_ms = 30000,
        .warmup_grace_ms = 10000,
        .drain_ms = 10000,
        .cell_memory_mb = 512,
        .cell_cpu_ms = 30000,
        .log_format = log_formats[0],
        .ready_fd = UINT64_MAX,
    };
    ot_trust_options_init(&values->trust);
    ot_build_values_init(&values->build);
}
