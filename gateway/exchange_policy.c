#include "gateway/exchange_steps.h"

#include "base/instant.h"

#include <string.h>

/* How long a request waits for a key that its token names. */
#define KEYS_WAIT_MS 5000u
/* What Retry-After says while the gateway drains. */
#define DRAIN_RETRY_S 5u

static const struct ot_settings *settings_of(const struct ot_exchange *exchange)
{
    return exchange->worker->settings;
}

static struct ot_span header(const struct ot_exchange *exchange, enum ot_field field)
{
    return ot_header_value(&exchange->request->headers, field);
}

/* -- what is no function's --------------------------------------------------------------------- */

static void answer_endpoint(struct ot_exchange *exchange)
{
    struct ot_worker *worker = exchange->worker;
    struct ot_endpoint_answer answer = {.status = 200, .content_type = "text/plain"};

    if (worker->options.endpoint != NULL &&
        worker->options.endpoint(worker->options.endpoint_context, worker, exchange->request,
                                 exchange->target.path, &answer))
        ot_exchange_answer(exchange, &answer);
    else
        ot_exchange_refuse_plain(exchange, OT_NOT_FOUND);
    ot_buf_free(&answer.headers);
    ot_buf_free(&answer.body);
}

static bool find_function(struct ot_exchange *exchange)
{
    struct ot_refusal_detail detail = {.function = exchange->target.name};
    struct ot_served_function *function;

    switch (exchange->target.kind) {
    case OT_TARGET_BAD:
        ot_exchange_refuse_plain(
            exchange, ot_span_is(exchange->request->target, "*") ? OT_NOT_FOUND : OT_BAD_REQUEST);
        return false;
    case OT_TARGET_OUTSIDE:
        answer_endpoint(exchange);
        return false;
    case OT_TARGET_NO_NAME:
        ot_exchange_refuse_plain(exchange, OT_NOT_FOUND);
        return false;
    default:
        break;
    }
    function = ot_generation_find(exchange->view->generation, exchange->target.name);
    exchange->cors = ot_cors_decide(settings_of(exchange)->cors, header(exchange, OT_FIELD_ORIGIN));
    if (function == NULL) {
        ot_exchange_refuse_with(exchange, OT_UNKNOWN_FUNCTION, &detail);
        return false;
    }
    exchange->function = function;
    exchange->counters = &exchange->view->counters.functions[function->index];
    ot_counters_begin(exchange->counters);
    return true;
}

/* -- how many, and who ------------------------------------------------------------------------- */

/* Takes a token, or only looks; false: it was refused. */
static bool pass_limit(struct ot_exchange *exchange, struct ot_limit_key key, bool take)
{
    struct ot_refusal_detail detail = {0};

    ot_limiter_check(settings_of(exchange)->limiter, key, exchange->function->rpm,
                     ot_exchange_now(exchange), take, &exchange->limit);
    exchange->is_limited = true;
    if (exchange->limit.allowed)
        return true;
    detail.retry_after_s = exchange->limit.retry_after_s;
    ot_exchange_refuse_with(exchange, OT_RATE_LIMITED, &detail);
    return false;
}

static bool pass_address_limit(struct ot_exchange *exchange, bool take)
{
    return pass_limit(exchange,
                      ot_limit_by_address(settings_of(exchange)->limiter, exchange->function->name,
                                          &exchange->origin.client),
                      take);
}

static bool is_limited_by_identity(const struct ot_exchange *exchange)
{
    enum ot_rate_limit_by by = exchange->function->config->rate_limit_by;

    return settings_of(exchange)->rate_limit && exchange->function->rpm > 0 &&
           (by == OT_BY_IDENTITY || by == OT_BY_UNSET);
}

/* Limits that need no identity; false: it was refused. */
static bool pass_early_limits(struct ot_exchange *exchange)
{
    if (!settings_of(exchange)->rate_limit || exchange->function->rpm == 0 ||
        is_limited_by_identity(exchange))
        return true;
    if (exchange->function->config->rate_limit_by == OT_BY_IP)
        return pass_address_limit(exchange, true);
    return pass_limit(
        exchange, ot_limit_by_function(settings_of(exchange)->limiter, exchange->function->name),
        true);
}

/* The bucket of whoever the token turned out to name; false: it was refused. */
static bool pass_identity_limit(struct ot_exchange *exchange, enum ot_auth_verdict verdict,
                                const struct ot_identity *identity)
{
    if (!is_limited_by_identity(exchange))
        return true;
    if (verdict != OT_AUTH_OK)
        return pass_address_limit(exchange, true);
    if (identity->user.len > 0)
        return pass_limit(exchange,
                          ot_limit_by_user(settings_of(exchange)->limiter, exchange->function->name,
                                           identity->user),
                          true);
    exchange->is_limited = false;
    return identity->is_service || pass_address_limit(exchange, true);
}

static enum ot_auth_verdict check_token(struct ot_exchange *exchange, bool may_verify,
                                        struct ot_identity *identity)
{
    struct ot_worker *worker = exchange->worker;
    enum ot_auth_verdict verdict = ot_auth_check(worker->settings->auth, worker->tokens,
                                                 header(exchange, OT_FIELD_AUTHORIZATION),
                                                 may_verify, ot_wall_ms() / 1000, identity);

    if (verdict == OT_AUTH_UNCACHED)
        return verdict;
    if (may_verify && verdict != OT_AUTH_NONE)
        ot_count(&worker->counters.tokens_verified, 1);
    else if (verdict == OT_AUTH_OK)
        ot_count(&worker->counters.tokens_cached, 1);
    return verdict;
}

static void want_keys(struct ot_exchange *exchange)
{
    const struct ot_worker_options *options = &exchange->worker->options;

    if (options->want_keys != NULL)
        options->want_keys(options->endpoint_context);
    ot_exchange_wait(exchange, OT_PHASE_KEYS, KEYS_WAIT_MS);
}

/* -- what comes behind authentication ---------------------------------------------------------- */

static bool pass_body_limit(struct ot_exchange *exchange)
{
    struct ot_refusal_detail detail = {.max_bytes = settings_of(exchange)->body_max};
    uint64_t length = exchange->request->content_length;

    if (detail.max_bytes == 0 || length == OT_LENGTH_CHUNKED || length <= detail.max_bytes)
        return true;
    ot_exchange_refuse_with(exchange, OT_BODY_TOO_LARGE, &detail);
    return false;
}

/* Requests that were sent on before are not touched. */
static bool pass_drain(struct ot_exchange *exchange)
{
    const _Atomic bool *draining = exchange->worker->options.draining;
    const struct ot_refusal_detail detail = {.retry_after_s = DRAIN_RETRY_S};

    if (draining == NULL || !*draining)
        return true;
    ot_exchange_refuse_with(exchange, OT_DRAINING, &detail);
    return false;
}

static bool pass_breaker(struct ot_exchange *exchange)
{
    struct ot_refusal_detail detail = {0};

    exchange->admission = ot_breaker_admit(exchange->function->breaker, ot_exchange_now(exchange),
                                           &detail.retry_after_s);
    exchange->is_admitted = exchange->admission != OT_OPEN;
    if (!exchange->is_admitted)
        ot_exchange_refuse_with(exchange, OT_BREAKER_OPEN, &detail);
    return exchange->is_admitted;
}

static bool pass_authentication(struct ot_exchange *exchange, enum ot_auth_verdict verdict)
{
    if (verdict == OT_AUTH_OK || exchange->function->config->is_public || exchange->is_preflight)
        return true;
    ot_exchange_refuse_plain(exchange, verdict == OT_AUTH_NONE      ? OT_UNAUTHORIZED
                                       : verdict == OT_AUTH_EXPIRED ? OT_TOKEN_EXPIRED
                                                                    : OT_INVALID_TOKEN);
    return false;
}

void ot_exchange_authenticate(struct ot_exchange *exchange, bool may_wait)
{
    struct ot_identity identity = {0};
    enum ot_auth_verdict verdict = check_token(exchange, false, &identity);

    if (verdict == OT_AUTH_UNCACHED) {
        /* no signature is checked for an address that has used up its requests */
        if (is_limited_by_identity(exchange) && !pass_address_limit(exchange, false))
            return;
        verdict = check_token(exchange, true, &identity);
    }
    if (verdict == OT_AUTH_PENDING && may_wait) {
        want_keys(exchange);
        return;
    }
    ot_exchange_stop_waiting(exchange);
    if (!pass_identity_limit(exchange, verdict, &identity) ||
        !pass_authentication(exchange, verdict))
        return;
    if (verdict == OT_AUTH_OK) {
        exchange->user_length =
            identity.user.len < sizeof(exchange->user) ? identity.user.len : sizeof(exchange->user);
        if (exchange->user_length > 0)
            memcpy(exchange->user, identity.user.data, exchange->user_length);
    }
    if (pass_body_limit(exchange) && pass_drain(exchange) && pass_breaker(exchange))
        ot_exchange_forward(exchange, verdict == OT_AUTH_OK ? &identity : NULL);
}

void ot_exchange_decide(struct ot_exchange *exchange)
{
    const struct ot_settings *settings = settings_of(exchange);
    const struct ot_request *request = exchange->request;

    ot_target_parse(request->target, settings->prefix, &exchange->scratch, &exchange->target);
    if (!find_function(exchange))
        return;
    exchange->is_preflight = ot_cors_is_preflight(request);
    if (exchange->is_preflight && !ot_function_answers_preflights(exchange->function->config)) {
        ot_exchange_answer_preflight(exchange);
        return;
    }
    ot_origin_find(&settings->trusted_proxies, &exchange->peer->address, &request->headers,
                   &exchange->origin);
    if (pass_early_limits(exchange))
        ot_exchange_authenticate(exchange, true);
}
