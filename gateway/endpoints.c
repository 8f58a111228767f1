#include "gateway/endpoints.h"

#include "base/digest.h"
#include "gateway/snapshot.h"

#include <sodium.h>
#include <string.h>

#define JSON_TYPE "application/json"
#define TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define NOT_STORED "cache-control: no-store\r\n"

struct call {
    struct ot_endpoints *endpoints;
    const struct ot_request *request;
    struct ot_endpoint_answer *answer;
    bool has_key;
};

/* `Authorization: Bearer KEY`, the scheme in any letter case (RFC 6750 section 2.1). Digests are
 * compared, so that not even the key's length can be measured. */
static bool has_internal_key(const struct ot_settings *settings, const struct ot_request *request)
{
    struct ot_span value = ot_header_value(&request->headers, OT_FIELD_AUTHORIZATION);
    const char *space = value.len > 0 ? memchr(value.data, ' ', value.len) : NULL;
    uint8_t given[OT_SHA256_SIZE], wanted[OT_SHA256_SIZE];
    struct ot_span scheme, key;

    if (settings->internal_key == NULL || *settings->internal_key == '\0' || space == NULL)
        return false;
    scheme = (struct ot_span){value.data, (size_t)(space - value.data)};
    key = ot_span_trim((struct ot_span){space, value.len - scheme.len});
    ot_sha256(key, given);
    ot_sha256(ot_span_of(settings->internal_key), wanted);
    return sodium_memcmp(given, wanted, sizeof(given)) == 0 && ot_span_is_nocase(scheme, "bearer");
}

static void refuse(struct call *call, enum ot_refusal refusal)
{
    const struct ot_refusal_detail none = {0};

    call->answer->refusal = refusal;
    call->answer->status = ot_refusal_status(refusal);
    ot_refusal_body(refusal, &none, &call->answer->body);
}

static void answer_root(struct call *call)
{
    ot_buf_puts(&call->answer->body, "{\"status\":\"ok\"}");
}

static void answer_health(struct call *call)
{
    OT_AUTOSNAPSHOT struct ot_snapshot snapshot;

    ot_snapshot_take(call->endpoints, &snapshot);
    if (snapshot.stopping || snapshot.draining || ot_snapshot_is_degraded(&snapshot))
        call->answer->status = 503;
    ot_health_write(&snapshot, call->has_key, call->endpoints->settings, &call->answer->body);
}

static void answer_metrics(struct call *call)
{
    OT_AUTOSNAPSHOT struct ot_snapshot snapshot = {0};

    if (!call->has_key) {
        refuse(call, OT_FORBIDDEN);
        return;
    }
    ot_snapshot_take(call->endpoints, &snapshot);
    call->answer->content_type = TEXT_TYPE;
    ot_exposition_write(&snapshot, call->endpoints->settings, &call->answer->body);
}

/* Pages of other origins poll it while they wait for a function. */
static void answer_warmup(struct call *call)
{
    const struct ot_settings *settings = call->endpoints->settings;
    struct ot_span origin = ot_header_value(&call->request->headers, OT_FIELD_ORIGIN);
    OT_AUTOSNAPSHOT struct ot_snapshot snapshot;

    ot_snapshot_take(call->endpoints, &snapshot);
    ot_warmup_write(&snapshot, call->has_key || settings->dev, &call->answer->body);
    ot_cors_write(settings->cors, ot_cors_decide(settings->cors, origin), origin, NULL,
                  &call->answer->headers);
}

bool ot_endpoints_answer(void *context, struct ot_worker *worker, const struct ot_request *request,
                         struct ot_span path, struct ot_endpoint_answer *answer)
{
    static const struct {
        const char *path;
        void (*answer)(struct call *call);
    } rows[] = {{"/", answer_root},
                {"/health", answer_health},
                {"/metrics", answer_metrics},
                {"/1tube/warmup", answer_warmup}};
    struct call call = {.endpoints = context, .request = request, .answer = answer};

    (void)worker;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        if (!ot_span_is(path, rows[i].path))
            continue;
        answer->status = 200;
        answer->content_type = JSON_TYPE;
        ot_buf_puts(&answer->headers, NOT_STORED);
        call.has_key = has_internal_key(call.endpoints->settings, request);
        if (request->method == OT_METHOD_GET || request->method == OT_METHOD_HEAD) {
            rows[i].answer(&call);
        } else {
            ot_buf_puts(&answer->headers, "allow: GET, HEAD\r\n");
            refuse(&call, OT_METHOD_NOT_ALLOWED);
        }
        return true;
    }
    return false;
}
