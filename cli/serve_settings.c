/* From the options of `onetube serve` to a gateway's settings. */
#include "cli/serve.h"

#include "base/file.h"
#include "base/notify.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_MAX 65536
#define LIMITER_BUCKETS 65536u
#define CACHED_TOKENS 5000u
#define MEBIBYTE (UINT64_C(1) << 20)
/* The one of a local Supabase, so that its tokens work in development. */
#define DEVELOPMENT_SECRET "super-secret-jwt-token-with-at-least-32-characters-long"
#define DEFAULT_FUNCTIONS "supabase/functions"

static bool is_typed(const struct ot_parsed *parsed, const char *name)
{
    return ot_options_typed(&ot_gateway_command, parsed, name);
}

/* -- what is served -- */

/* A build option that was typed must not be ignored silently. */
static int refuse_build_options(const struct ot_parsed *parsed, struct ot_error *err)
{
    static const char *const both[] = {"env"};
    size_t first = offsetof(struct ot_gateway_values, build);

    for (const struct ot_option *option = ot_gateway_command.options; option->name != NULL;
         option++) {
        if (option->offset >= first && option->offset < first + sizeof(struct ot_build_values) &&
            strcmp(option->name, both[0]) != 0 && is_typed(parsed, option->name))
            return ot_fail(err, OT_USAGE,
                           "--%s belongs to --functions; --prebuilt is served as it is",
                           option->name);
    }
    return 0;
}

/* With both, the one of the command line; if neither is typed, what is prebuilt. */
static int choose_source(const struct ot_parsed *parsed, struct ot_serving *serving,
                         struct ot_error *err)
{
    const struct ot_gateway_values *values = serving->values;
    bool functions_typed = is_typed(parsed, "functions");

    if (values->prebuilt != NULL && functions_typed && is_typed(parsed, "prebuilt"))
        return ot_fail(err, OT_USAGE, "--prebuilt and --functions are given, one is wanted");
    if (values->prebuilt == NULL && values->build.functions == NULL &&
        !ot_is_folder(DEFAULT_FUNCTIONS))
        return ot_fail(err, OT_USAGE,
                       "--prebuilt DIST|FILE or --functions DIR is missing (there is no "
                       "./" DEFAULT_FUNCTIONS ")");
    serving->builds = values->prebuilt == NULL || functions_typed;
    serving->functions =
        values->build.functions != NULL ? values->build.functions : DEFAULT_FUNCTIONS;
    if (values->watch || (values->dev && serving->builds))
        ot_list_add(&serving->watch, serving->builds ? serving->functions : values->prebuilt);
    if (serving->builds && values->receipts != NULL)
        return ot_fail(err, OT_USAGE, "--receipts belongs to --prebuilt");
    if (serving->builds && values->trust.state != NULL)
        return ot_fail(err, OT_USAGE,
                       "--state belongs to --prebuilt; what is built here has no sequence");
    return serving->builds ? 0 : refuse_build_options(parsed, err);
}

/* -- secrets -- */

static int read_variable(const char *option, const char *name, char **out, struct ot_error *err)
{
    const char *text = getenv(name);

    if (text == NULL || *text == '\0')
        return ot_fail(err, OT_CONFIG, "--%s env:%.64s: the variable is not set, or empty", option,
                       name);
    *out = ot_strdup(text);
    return 0;
}

/*
 * On the command line, which other users can see, a secret's place; in the environment itself. What
 * is no place may be the secret, so it is not repeated.
 */
static int read_secret(const struct ot_parsed *parsed, const char *option, const char *value,
                       char **out, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error unread;
    struct ot_span secret;

    if (value == NULL)
        return 0;
    if (!is_typed(parsed, option)) {
        *out = *value != '\0' ? ot_strdup(value) : NULL; /* as if it were not set */
        return 0;
    }
    if (strncmp(value, "env:", 4) == 0)
        return read_variable(option, value + 4, out, err);
    if (ot_read_file(value, SECRET_MAX, &text, &unread) < 0)
        return ot_fail(err, OT_CONFIG,
                       "--%s: not a file that can be read; it takes env:NAME or a file, never the "
                       "secret itself",
                       option);
    secret = text.len > 0 ? ot_span_trim(ot_buf_span(&text)) : OT_SPAN("");
    if (secret.len == 0 || memchr(secret.data, '\0', secret.len) != NULL)
        return ot_fail(err, OT_CONFIG, "--%s: the file is empty, or not text", option);
    *out = ot_strndup(secret.data, secret.len);
    return 0;
}

static int make_auth(const struct ot_parsed *parsed, struct ot_serving *serving,
                     struct ot_error *err)
{
    const struct ot_gateway_values *values = serving->values;
    struct ot_auth_options auth = {
        .jwks = values->jwks, .issuer = values->jwt_issuer, .audience = values->jwt_audience};

    if (read_secret(parsed, "jwt-secret", values->jwt_secret, &serving->jwt_secret, err) < 0 ||
        read_secret(parsed, "service-role-key", values->service_role_key, &serving->service_key,
                    err) < 0 ||
        read_secret(parsed, "internal-key", values->internal_key, &serving->internal_key, err) < 0)
        return -1;
    if (values->dev && serving->jwt_secret == NULL && values->jwks == NULL) {
        serving->jwt_secret = ot_strdup(DEVELOPMENT_SECRET);
        ot_serving_say(serving, OT_LEVEL_WARNING,
                       "applied 1 dev default: the JWT secret is the public one of a local "
                       "Supabase (%s)",
                       DEVELOPMENT_SECRET);
    }
    auth.jwt_secret = serving->jwt_secret;
    auth.service_key = serving->service_key;
    return ot_auth_make(&auth, &serving->auth, err);
}

/* -- where -- */

/* "::1" is written "[::1]:3100". */
static void add_host_and_port(struct ot_serving *serving)
{
    const char *host = serving->values->host;
    bool is_ipv6 = strchr(host, ':') != NULL && *host != '[';
    OT_AUTOFREE char *address = ot_asprintf("%s%s%s:%u", is_ipv6 ? "[" : "", host,
                                            is_ipv6 ? "]" : "", (unsigned)serving->values->port);

    ot_list_add(&serving->listen, address);
}

static int choose_addresses(const struct ot_parsed *parsed, struct ot_serving *serving,
                            struct ot_error *err)
{
    const struct ot_gateway_values *values = serving->values;

    for (size_t i = 0; i < values->listen.count; i++)
        ot_list_add(&serving->listen, values->listen.items[i]);
    if (serving->listen.count == 0 && ot_inherited_sockets(&serving->listen, err) < 0)
        return -1;
    if (serving->listen.count == 0 || is_typed(parsed, "host") || is_typed(parsed, "port"))
        add_host_and_port(serving);
    return 0;
}

/* -- policies -- */

static int make_cors(struct ot_serving *serving, struct ot_error *err)
{
    const struct ot_gateway_values *values = serving->values;
    const char *credentials = values->cors_credentials;
    struct ot_cors_options cors = {
        .origins = &values->cors_origins,
        .allow_headers = &values->cors_headers,
        .allow_methods = &values->cors_methods,
        .expose_headers = &values->cors_expose,
        .max_age = values->cors_max_age,
        .dev = values->dev,
    };

    if (credentials != NULL)
        cors.credentials = strcmp(credentials, "on") == 0 || strcmp(credentials, "true") == 0 ||
                                   strcmp(credentials, "1") == 0
                               ? OT_CREDENTIALS_ON
                               : OT_CREDENTIALS_OFF;
    return ot_cors_make(&cors, &serving->cors, err);
}

static int check_limits(const struct ot_gateway_values *values, struct ot_error *err)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {{"max-connections", values->max_connections},
                {"max-url-bytes", values->max_url_bytes},
                {"max-head-bytes", values->max_head_bytes},
                {"max-headers", values->max_headers}};

    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        if (rows[i].value == 0)
            return ot_fail(err, OT_USAGE, "--%s is at least 1", rows[i].name);
    }
    if ((values->tls_cert == NULL) != (values->tls_key == NULL))
        return ot_fail(err, OT_USAGE, "--tls-cert and --tls-key belong together");
    return 0;
}

static enum ot_log_format log_format_of(const char *word)
{
    if (strcmp(word, "json") == 0)
        return OT_LOG_JSON;
    return strcmp(word, "none") == 0 ? OT_LOG_OFF : OT_LOG_TEXT;
}

static void fill(struct ot_serving *serving)
{
    const struct ot_gateway_values *values = serving->values;

    serving->settings = (struct ot_settings){
        .dev = values->dev,
        .body_max = values->body_limit_mb * MEBIBYTE / 1000,
        .body_idle_ms = values->body_read_ms,
        .header_ms = values->header_ms,
        .keepalive_ms = values->keepalive_ms,
        .timeout_ms = values->timeout,
        .timeout_covers_stream = values->stream_deadline,
        .stream_idle_ms = values->stream_idle_ms,
        .websocket_idle_ms = values->websocket_idle_ms,
        .target_max = values->max_url_bytes,
        .head_max = values->max_head_bytes,
        .headers_max = values->max_headers,
        .connections_max = values->max_connections,
        .connections_per_address = values->max_connections_per_address,
        .cell_memory_mb = values->cell_memory_mb,
        .cell_cpu_ms = values->cell_cpu_ms,
        .default_rpm = values->default_rpm,
        .rate_limit = values->rate_limit,
        .log_format = log_format_of(values->log_format),
        .drain_ms = values->drain_ms,
        .retry_ms = values->warmup_grace_ms,
        .idle_ms = values->idle_timeout * 1000,
        .queue_max = values->max_queue,
        .cached_tokens = CACHED_TOKENS,
    };
}

static int add_proxies(struct ot_serving *serving, struct ot_error *err)
{
    const struct ot_list *proxies = &serving->values->trusted_proxies;

    for (size_t i = 0; i < proxies->count; i++) {
        if (ot_ranges_add(&serving->settings.trusted_proxies, ot_span_of(proxies->items[i]), err) <
            0)
            return ot_error_prefix(err, "--trusted-proxy");
    }
    return 0;
}

int ot_serving_make(const struct ot_gateway_values *values, const struct ot_parsed *parsed,
                    struct ot_serving *serving, struct ot_error *err)
{
    serving->values = values;
    fill(serving);
    if (choose_source(parsed, serving, err) < 0 || check_limits(values, err) < 0 ||
        ot_route_prefix(values->route_prefix, &serving->prefix, err) < 0 ||
        choose_addresses(parsed, serving, err) < 0 || add_proxies(serving, err) < 0 ||
        make_cors(serving, err) < 0 || make_auth(parsed, serving, err) < 0)
        return -1;
    serving->settings.prefix = serving->prefix;
    serving->settings.cors = serving->cors;
    serving->settings.auth = serving->auth;
    serving->settings.internal_key = serving->internal_key;
    serving->settings.limiter = ot_limiter_new(LIMITER_BUCKETS);
    return 0;
}

void ot_serving_free(struct ot_serving *serving)
{
    ot_ranges_free(&serving->settings.trusted_proxies);
    ot_limiter_free(serving->settings.limiter);
    ot_cors_free(serving->cors);
    ot_auth_free(serving->auth);
    free(serving->prefix);
    free(serving->jwt_secret);
    free(serving->service_key);
    free(serving->internal_key);
    ot_list_free(&serving->listen);
    ot_list_free(&serving->watch);
}
