#include "cli/serve.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/output.h"
#include "gateway/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Function names that a message lists. */
#define NAMES_SHOWN 5u

void ot_serving_say(const struct ot_serving *serving, enum ot_log_level level, const char *format,
                    ...)
{
    char text[OT_ERROR_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ot_log_message(serving->settings.log_format, level, text);
}

/* -- the guard -- */

/* "2 functions are closed (admin, pay)"; how many. */
static size_t describe_closed(const struct ot_manifest *manifest, struct ot_buf *out)
{
    OT_AUTOBUF struct ot_buf names = {0};
    size_t closed = 0;

    for (size_t i = 0; i < manifest->function_count; i++) {
        if (manifest->functions[i].config.is_public)
            continue;
        if (closed < NAMES_SHOWN)
            ot_buf_printf(&names, "%s%s", closed > 0 ? ", " : "", manifest->functions[i].name);
        closed++;
    }
    if (closed > 0)
        ot_buf_printf(out, "%zu function%s closed (%s%s)", closed, closed == 1 ? " is" : "s are",
                      names.data, closed > NAMES_SHOWN ? ", ..." : "");
    return closed;
}

/* What must not be served in production: closed functions that nobody could ever call, or anybody
 * who knows a public default. OT_CONFIG, with what to do. */
static int guard(const struct ot_serving *serving, const struct ot_manifest *manifest,
                 struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf closed = {0};
    const char *why = NULL;

    if (serving->values->dev || describe_closed(manifest, &closed) == 0)
        return 0;
    if (!ot_auth_is_usable(serving->auth))
        return ot_fail(err, OT_CONFIG,
                       "%s, and JWT_SECRET is not set: nobody could call them. Set JWT_SECRET (at "
                       "least 32 bytes: openssl rand -base64 48), or give --jwks FILE|URL, or set "
                       "SUPABASE_SERVICE_ROLE_KEY; or make them public in 1tube.json. --dev is for "
                       "development",
                       closed.data);
    if (ot_auth_is_weak(serving->auth, &why))
        return ot_fail(err, OT_CONFIG,
                       "%s, and %s: anybody could call them. Make a secret of your own (openssl "
                       "rand -base64 48). --dev is for development",
                       closed.data, why);
    return 0;
}

/* -- where a generation comes from -- */

/* Everything that is set in our environment and has a name that functions could use, but our own
 * options. */
static void all_variables(struct ot_list *out)
{
    for (char **variable = environ; *variable != NULL; variable++) {
        struct ot_span name = {*variable, strcspn(*variable, "=")};

        if (ot_is_env_name(name) && !ot_span_starts(name, "ONETUBE_"))
            ot_list_add_span(out, name);
    }
}

static int build(struct ot_serving *serving, const char *dist, struct ot_error *err)
{
    struct ot_build_values values = serving->values->build;
    struct ot_build_report report = {0};
    OT_AUTOLIST struct ot_list env = {0};
    int done;

    for (size_t i = 0; i < values.env.count; i++) {
        if (strcmp(values.env.items[i], "*") == 0)
            all_variables(&env);
        else
            ot_list_add(&env, values.env.items[i]);
    }
    values.functions = serving->functions;
    values.env = env;
    done = ot_build_values_run(&values, dist, false, &report, err);
    ot_build_report_free(&report);
    return done;
}

/* `acceptance` is set where --state or --receipts is given. */
static int open_release(const struct ot_serving *serving, const struct ot_trust *trust,
                        struct ot_payload **out, struct ot_acceptance **acceptance,
                        struct ot_error *err)
{
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    const struct ot_list all = {0};
    struct ot_pending_receipt *receipt;

    if (ot_payload_open(serving->values->prebuilt, trust, 0, NULL, &payload, err) < 0)
        return -1;
    if (trust->state != NULL && ot_acceptance_new(payload, trust, acceptance, err) < 0)
        return -1;
    if (trust->state != NULL && !trust->state->exists)
        ot_serving_say(serving, OT_LEVEL_WARNING,
                       "--state %s: is not there yet: the first release that answers makes it",
                       trust->state->path);
    if (serving->values->receipts != NULL) {
        if (ot_pending_receipt_new(serving->values->receipts, "onetube", payload, trust, &all,
                                   &receipt, err) < 0)
            return -1;
        ot_acceptance_add_receipt(acceptance, receipt);
    }
    *out = OT_STEAL(payload);
    return 0;
}

static int verify(const struct ot_serving *serving, struct ot_payload **out,
                  struct ot_acceptance **acceptance, struct ot_error *err)
{
    struct ot_trust_options options = serving->values->trust;
    struct ot_trust trust;
    int done;

    options.allow_unsigned = options.allow_unsigned || serving->values->dev;
    done = ot_trust_options_load(&options, OT_CONFIG, &trust, err);
    if (done == 0)
        done = open_release(serving, &trust, out, acceptance, err);
    ot_trust_free(&trust);
    return done;
}

/* What was just built here carries no signature and needs none. */
static int open_built(const char *path, struct ot_payload **out, struct ot_error *err)
{
    struct ot_trust trust;
    int done;

    ot_trust_init(&trust);
    trust.allow_unsigned = true;
    done = ot_payload_open(path, &trust, 0, NULL, out, err);
    ot_trust_free(&trust);
    return done;
}

/* In a folder that only we can enter, which is removed whatever happens. */
static int build_and_verify(struct ot_serving *serving, struct ot_payload **out,
                            struct ot_error *err)
{
    const char *base = getenv("TMPDIR");
    OT_AUTOFREE char *folder =
        ot_asprintf("%s/onetube-serve-XXXXXX", base != NULL && *base != '\0' ? base : "/tmp");
    OT_AUTOFREE char *dist = NULL;
    struct ot_error unremoved;
    int done;

    if (mkdtemp(folder) == NULL)
        return ot_fail_errno(err, OT_FAILED, "cannot make %s", folder);
    dist = ot_asprintf("%s/dist", folder);
    done = build(serving, dist, err);
    if (done == 0)
        done = open_built(dist, out, err);
    if (ot_remove_tree(AT_FDCWD, folder, &unremoved) < 0)
        ot_serving_say(serving, OT_LEVEL_WARNING, "%s", unremoved.message);
    return done;
}

static void warn_of_env(void *context, const char *message)
{
    ot_serving_say(context, OT_LEVEL_WARNING, "%s", message);
}

static void tell(const struct ot_serving *serving, const struct ot_payload *payload)
{
    if (serving->builds)
        ot_serving_say(serving, OT_LEVEL_INFO, "built from %s, not signed", serving->functions);
    else if (ot_payload_signers(payload)->count == 0)
        ot_serving_say(serving, OT_LEVEL_WARNING, "what is served is unsigned; %s permits it",
                       serving->values->trust.allow_unsigned ? "--allow-unsigned" : "--dev");
}

/* For struct ot_gateway_source. */
static int open_payload(void *context, struct ot_payload **out, struct ot_acceptance **acceptance,
                        struct ot_error *err)
{
    struct ot_serving *serving = context;
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    int done = serving->builds ? build_and_verify(serving, &payload, err)
                               : verify(serving, &payload, acceptance, err);

    if (done < 0 || guard(serving, ot_payload_manifest(payload), err) < 0 ||
        ot_engine_check_env(&serving->values->build.env, ot_payload_manifest(payload), warn_of_env,
                            serving, err) < 0)
        return -1;
    tell(serving, payload);
    *out = OT_STEAL(payload);
    return 0;
}

/* -- the command -- */

static void warn(const struct ot_serving *serving)
{
    const char *why = NULL;

    if (serving->values->dev)
        ot_serving_say(serving, OT_LEVEL_WARNING,
                       "--dev is not for production: any origin may call, and unsigned payloads "
                       "are served");
    else if (ot_auth_is_weak(serving->auth, &why))
        ot_serving_say(serving, OT_LEVEL_WARNING, "%s", why);
    if (!serving->values->rate_limit)
        ot_serving_say(serving, OT_LEVEL_WARNING, "requests are not limited (--no-rate-limit)");
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct ot_gateway_values *values = pointer;
    struct ot_serving serving = {0};
    int done = ot_serving_make(values, parsed, &serving, err);

    if (done == 0) {
        struct ot_gateway_options options = {
            .settings = &serving.settings,
            .source = {.open = open_payload, .context = &serving, .watch = &serving.watch},
            .listen = &serving.listen,
            .tls_cert = values->tls_cert,
            .tls_key = values->tls_key,
            .threads = (unsigned)values->threads,
            .isolation =
                strcmp(values->isolation, "shared") == 0 ? OT_ISOLATE_NOTHING : OT_ISOLATE_FUNCTION,
            .env = &values->build.env,
            .engine = values->engine,
            .replace_engine = values->replace_engine,
            .start_timeout_ms = values->start_timeout_ms,
            .warm = values->warm,
            .recent_file = values->warm_order,
            .cells_max = values->max_cells,
            .backoff = OT_BACKOFF_DEFAULT,
            .ready_fd = values->ready_fd,
            .control_socket = values->control_socket,
        };

        options.backoff.budget = (unsigned)values->failure_budget;
        warn(&serving);
        done = ot_gateway_run(&options, err);
    }
    ot_serving_free(&serving);
    return done;
}

const struct ot_cli_command ot_cli_serve = {
    .command = &ot_gateway_command, .group = "Serve", .defaults = ot_gateway_defaults, .run = run};
