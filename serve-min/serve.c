#include "serve-min/serve.h"

#include "base/notify.h"
#include "serve-min/watch.h"
#include "verify/acceptance.h"

#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* What is being served. Payload, config and program are gone once the engine has them. */
struct server {
    const struct ot_serve_values *values;
    struct ot_payload *payload;
    struct ot_engine_config *config;
    struct ot_acceptance *acceptance; /* NULL: nothing is remembered */
    struct ot_engine_program program;
    char *prefix;
    char *summary; /* "3 functions, shop 1.4.0 sequence 7" */
};

/* A line for people. */
static void say(const char *text)
{
    OT_AUTOBUF struct ot_buf line = {0};

    ot_buf_puts(&line, "onetube-serve: ");
    ot_buf_readable(&line, ot_span_of(text));
    ot_buf_putc(&line, '\n');
    fwrite(line.data, 1, line.len, stderr);
}

static void warn(const char *message)
{
    OT_AUTOFREE char *text = ot_asprintf("warning: %s", message);

    say(text);
}

static void warn_of_env(void *context, const char *message)
{
    (void)context;
    warn(message);
}

/* Before the engine starts: later is too late to find that it cannot be written. */
static int prepare_state(struct server *server, const struct ot_trust *trust, struct ot_error *err)
{
    OT_AUTOFREE char *text = NULL;

    if (trust->state == NULL)
        return 0;
    if (!trust->state->exists) {
        text = ot_asprintf("--state %s: is not there yet: the first release that answers makes it",
                           trust->state->path);
        warn(text);
    }
    return ot_acceptance_new(server->payload, trust, &server->acceptance, err);
}

static int prepare_receipt(struct server *server, const struct ot_trust *trust,
                           struct ot_error *err)
{
    const struct ot_serve_values *values = server->values;
    struct ot_pending_receipt *receipt;

    if (values->receipts == NULL)
        return 0;
    if (ot_pending_receipt_new(values->receipts, "onetube-serve", server->payload, trust,
                               &values->functions, &receipt, err) < 0)
        return -1;
    ot_acceptance_add_receipt(&server->acceptance, receipt);
    return 0;
}

static int verify(struct server *server, const char *path, struct ot_error *err)
{
    struct ot_trust trust;
    int result;

    result = ot_trust_options_load(&server->values->trust, OT_CONFIG, &trust, err);
    if (result == 0)
        result = ot_payload_open(path, &trust, (unsigned)server->values->trust.threads, NULL,
                                 &server->payload, err);
    if (result == 0)
        result = prepare_state(server, &trust, err);
    if (result == 0)
        result = prepare_receipt(server, &trust, err);
    ot_trust_free(&trust);
    return result;
}

static size_t count_closed(const struct ot_manifest *manifest, const struct ot_list *chosen)
{
    size_t closed = 0;

    for (size_t i = 0; i < manifest->function_count; i++) {
        const struct ot_function *function = &manifest->functions[i];

        closed += !function->config.is_public &&
                  (chosen->count == 0 || ot_list_has(chosen, function->name));
    }
    return closed;
}

static int encode(struct server *server, struct ot_error *err)
{
    const struct ot_manifest *manifest = ot_payload_manifest(server->payload);
    const struct ot_serve_values *values = server->values;
    const struct ot_engine_plan plan = {.functions = &values->functions,
                                        .route_prefix = server->prefix,
                                        .env = &values->env,
                                        .trust_identity_headers = values->trust_identity_headers};
    OT_AUTOBUF struct ot_buf summary = {0};
    size_t count, closed;

    if (ot_engine_check_env(&values->env, manifest, warn_of_env, NULL, err) < 0 ||
        ot_engine_config_make(server->payload, &plan, &server->config, err) < 0)
        return -1;
    count = ot_engine_config_functions(server->config);
    ot_buf_printf(&summary, "%zu function%s", count, count == 1 ? "" : "s");
    closed = count_closed(manifest, &values->functions);
    if (closed > 0)
        ot_buf_printf(&summary, ", %zu of them closed", closed);
    ot_payload_describe(server->payload, &summary);
    if (ot_payload_signers(server->payload)->count == 0)
        warn("what is served is unsigned; --allow-unsigned permits it");
    server->summary = ot_strdup(summary.data);
    return 0;
}

/* The engine has its own copy now; ours goes back to the system. */
static void forget_payload(void *context)
{
    struct server *server = context;

    ot_engine_config_free(OT_STEAL(server->config));
    ot_payload_free(OT_STEAL(server->payload));
    ot_engine_program_close(&server->program);
    malloc_trim(0);
}

static void tell_manager(const char *state, const char *text)
{
    OT_AUTOBUF struct ot_buf message = {0};
    struct ot_error err;

    ot_buf_puts(&message, state);
    ot_buf_printf(&message, "\nMAINPID=%d\nSTATUS=%s", (int)getpid(), text);
    if (ot_notify(ot_buf_span(&message), &err) < 0)
        warn(err.message);
}

static void tell_stopping(void *context)
{
    (void)context;
    tell_manager("STOPPING=1", "finishing requests");
}

static void tell_ready(const struct server *server, const struct ot_listen *listen)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error err;

    ot_buf_puts(&text, "listening on ");
    ot_listen_describe(listen, "http", server->prefix, &text);
    ot_buf_printf(&text, " (%s)", server->summary);
    say(text.data);
    tell_manager("READY=1", server->summary);
    if (ot_ready_fd_tell(server->values->ready_fd, &err) < 0)
        warn(err.message);
}

/* It has answered: from now on nothing older runs here. */
static int remember(struct server *server, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf told = {0};

    if (server->acceptance == NULL)
        return 0;
    if (ot_acceptance_commit(server->acceptance, &told, err) < 0)
        return -1;
    if (told.len > 0)
        say(told.data);
    ot_acceptance_free(OT_STEAL(server->acceptance));
    return 0;
}

/* Blocked, so that only the descriptor tells of them. */
static int open_signals(struct ot_error *err)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd >= 0 ? fd : ot_fail_errno(err, OT_FAILED, "signalfd");
}

/* The signed one wins, unless the operator says in words that it shall not. */
static int choose_program(struct server *server, struct ot_error *err)
{
    const struct ot_serve_values *values = server->values;

    if (ot_payload_manifest(server->payload)->engine == NULL || values->replace_engine)
        return ot_engine_program_open(&server->program, values->engine, err);
    if (values->engine != NULL)
        warn("--engine: the payload's own engine runs (--replace-engine changes that)");
    return ot_engine_program_take(&server->program, server->payload, err);
}

static int open_program(struct server *server, struct ot_error *err)
{
    struct ot_pending_receipt *receipt = ot_acceptance_receipt(server->acceptance);

    if (choose_program(server, err) < 0)
        return -1;
    if (receipt == NULL)
        return 0;
    if (ot_engine_program_hash(&server->program, err) < 0)
        return -1;
    ot_pending_receipt_set_engine(receipt, server->program.sha256);
    return 0;
}

static int boot_and_watch(struct server *server, struct ot_listen *listen, struct ot_error *err)
{
    OT_AUTOCLOSE int signals = open_signals(err);
    OT_AUTOENGINE struct ot_engine *engine = NULL;
    const struct ot_engine_options options = {.program = &server->program,
                                              .config = server->config,
                                              .listen_fd = listen->fd,
                                              .stdout_fd = STDOUT_FILENO,
                                              .stderr_fd = STDERR_FILENO,
                                              .start_timeout_ms = server->values->start_timeout_ms};
    struct ot_watch watch = {.listen = listen,
                             .drain_ms = server->values->drain_ms,
                             .signals = signals,
                             .stopping = tell_stopping,
                             .loaded = forget_payload,
                             .context = server};
    int started;

    if (signals < 0 || ot_engine_start(&options, &engine, err) < 0)
        return -1;
    watch.engine = engine;
    started = ot_watch_start(&watch, err);
    if (started <= 0)
        return started;
    if (remember(server, err) < 0)
        return -1;
    tell_ready(server, listen);
    return ot_watch_run(&watch, err);
}

static int serve(struct server *server, const char *path, struct ot_listen *listen,
                 struct ot_error *err)
{
    if (verify(server, path, err) < 0 || encode(server, err) < 0 || open_program(server, err) < 0 ||
        ot_engine_program_check(&server->program, server->payload, err) < 0 ||
        ot_listen_open(listen, err) < 0)
        return -1;
    if (server->values->trust_identity_headers && !ot_listen_is_local(listen))
        return ot_fail(err, OT_CONFIG,
                       "--trust-identity-headers: %s is no Unix socket: anyone who can reach it "
                       "could pose as any user",
                       server->values->listen);
    return boot_and_watch(server, listen, err);
}

/* It is written to and closed, so it must be nothing else's. */
static int check_ready_fd(const struct ot_serve_values *values, const struct ot_listen *listen,
                          struct ot_error *err)
{
    if (listen->kind == OT_LISTEN_FD && values->ready_fd == (uint64_t)listen->fd)
        return ot_fail(err, OT_USAGE, "--ready-fd %" PRIu64 ": is the socket of --listen",
                       values->ready_fd);
    return ot_ready_fd_check(values->ready_fd, err);
}

static int check_values(const struct ot_serve_values *values, struct ot_listen *listen,
                        struct ot_error *err)
{
    if (ot_listen_parse(listen, values->listen, err) < 0)
        return -1;
    if (values->trust_identity_headers && listen->kind == OT_LISTEN_TCP)
        return ot_fail(err, OT_USAGE,
                       "--trust-identity-headers: anyone who can reach %s could pose as any user; "
                       "use --listen unix:PATH or fd:N",
                       values->listen);
    return check_ready_fd(values, listen, err);
}

int ot_serve(const struct ot_serve_values *values, const char *path, struct ot_error *err)
{
    OT_AUTOLISTEN struct ot_listen listen = OT_LISTEN_INIT;
    struct server server = {.values = values, .program = OT_ENGINE_PROGRAM_INIT};
    int result;

    signal(SIGPIPE,
           SIG_IGN); /* writing to an engine or reader that is gone is an error like others */
    result = check_values(values, &listen, err);
    if (result == 0)
        result = ot_route_prefix(values->route_prefix, &server.prefix, err);
    if (result == 0)
        result = serve(&server, path, &listen, err);
    ot_engine_config_free(server.config);
    ot_payload_free(server.payload);
    ot_acceptance_free(server.acceptance);
    ot_engine_program_close(&server.program);
    free(server.prefix);
    free(server.summary);
    return result;
}

static void print_error(const struct ot_error *err)
{
    OT_AUTOFREE char *text = ot_asprintf("%s%s%s", err->code != NULL ? err->code : "",
                                         err->code != NULL ? ": " : "", err->message);

    say(text);
}

static int show_version(int argc, char **argv, struct ot_error *err)
{
    if (argc > 2)
        return ot_fail(err, OT_USAGE, "unexpected word \"%.64s\"", argv[2]);
    printf("onetube-serve %s\n", OT_VERSION);
    return 0;
}

static int run(int argc, char **argv, struct ot_serve_values *values, struct ot_error *err)
{
    struct ot_parsed parsed;

    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return show_version(argc, argv, err);
    if (ot_options_parse(&ot_serve_command, argc - 1, argv + 1, values, &parsed, err) < 0)
        return -1;
    if (!parsed.help)
        return ot_serve(values, parsed.operands[0], err);
    ot_options_help(&ot_serve_command, "onetube-serve", stdout);
    return 0;
}

int ot_serve_main(int argc, char **argv)
{
    struct ot_serve_values values;
    struct ot_error err = {0};
    int done;

    ot_open_standard_streams();
    ot_serve_defaults(&values);
    done = run(argc, argv, &values, &err);
    if (done == 0)
        done = ot_flush_stdout(&err);
    if (done < 0)
        print_error(&err);
    if (done < 0 && err.kind == OT_USAGE)
        fputs("Try: onetube-serve -h\n", stderr);
    ot_options_free(&ot_serve_command, &values);
    return (int)err.kind;
}
