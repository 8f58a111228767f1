#include "verify/payload.h"

#include "base/confine.h"
#include "base/file.h"
#include "verify/growth.h"
#include "verify/members.h"
#include "verify/trust.h"
#include "verify/verification.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the engine, before its memory goes back. */
#define ENGINE_PIECE (4u << 20)

struct ot_payload {
    struct ot_image image;
    struct ot_manifest *manifest;
    uint64_t manifest_size;
    bool has_statement;
    struct ot_statement statement;
    struct ot_list signers;
    bool engine_taken;
    bool has_policy;
    struct ot_policy policy;
};

/* What the steps of one verification share. */
struct verification {
    const struct ot_source *source;
    const struct ot_trust *trust;
    const struct ot_check_observer *observer;
    uint64_t max_size;
    unsigned threads;
    struct ot_payload *payload;
};

const char *ot_check_name(enum ot_check check)
{
    static const char *const names[OT_CHECK_COUNT] = {
        [OT_CHECK_FILE] = "file",           [OT_CHECK_SIGNATURES] = "signatures",
        [OT_CHECK_STATEMENT] = "statement", [OT_CHECK_MANIFEST] = "manifest",
        [OT_CHECK_ENGINE] = "engine",       [OT_CHECK_SEQUENCE] = "sequence",
        [OT_CHECK_EXPIRY] = "expiry",       [OT_CHECK_POLICY] = "policy",
        [OT_CHECK_LAYOUT] = "layout",       [OT_CHECK_HASHES] = "hashes",
    };

    return (unsigned)check < OT_CHECK_COUNT ? names[check] : "unknown";
}

static void OT_PRINTF(3, 4)
    passed(const struct verification *v, enum ot_check check, const char *format, ...)
{
    char detail[512];
    va_list args;

    if (v->observer == NULL)
        return;
    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    v->observer->passed(v->observer->context, check, detail);
}

static int check_file(const struct verification *v, struct ot_error *err)
{
    const struct ot_source *source = v->source;

    if (ot_source_check_size(source, v->max_size, err) < 0)
        return -1;
    if (source->is_folder)
        passed(v, OT_CHECK_FILE, "a folder");
    else
        passed(v, OT_CHECK_FILE, "%" PRIu64 " bytes", source->size);
    return ot_image_grow(&v->payload->image, source->is_folder ? OT_MANIFEST_HEADER : source->size,
                         err);
}

static int check_signatures(const struct verification *v, struct ot_error *err)
{
    const uint8_t *bytes = v->payload->image.bytes;
    struct ot_list *signers = &v->payload->signers;
    OT_AUTOBUF struct ot_buf message = {0};
    struct ot_signature_page page;

    if (v->trust->file != NULL && ot_trust_file_chain(&v->trust->file, 1, v->trust->now, err) < 0)
        return -1;
    if (ot_signature_page_parse(&page, bytes + OT_SIGNATURES_OFFSET, err) < 0)
        return -1;
    ot_statement_pae(bytes + OT_STATEMENT_OFFSET, &message);
    if (ot_trust_check(v->trust, &page, ot_buf_span(&message), signers, err) < 0)
        return -1;
    if (page.count == 0)
        passed(v, OT_CHECK_SIGNATURES, "unsigned, which was allowed");
    else
        passed(v, OT_CHECK_SIGNATURES, "%zu of %zu keys, threshold %u", signers->count,
               ot_trust_usable_keys(v->trust), v->trust->threshold);
    return 0;
}

static int check_statement(const struct verification *v, struct ot_error *err)
{
    struct ot_payload *payload = v->payload;
    struct ot_statement *statement = &payload->statement;

    if (!v->source->has_pages) {
        passed(v, OT_CHECK_STATEMENT, "none, which was allowed");
        return 0;
    }
    if (ot_statement_parse(statement, payload->image.bytes + OT_STATEMENT_OFFSET, err) < 0)
        return -1;
    payload->has_statement = true;
    passed(v, OT_CHECK_STATEMENT, "%s %s, sequence %" PRIu64, statement->name, statement->version,
           statement->sequence);
    return 0;
}

int ot_source_take_manifest(const struct ot_source *source, const struct ot_statement *statement,
                            struct ot_image *image, struct ot_span *text, struct ot_error *err)
{
    uint64_t size = statement != NULL ? statement->manifest_bytes : 0;
    char digest[OT_SHA256_HEX];

    if (statement == NULL && ot_source_manifest_size(source, &size, err) < 0)
        return -1;
    /*
     * a payload has its whole size already: a manifest that reaches beyond it is refused as
     * it is taken
     */
    if (source->is_folder && ot_image_grow(image, OT_MANIFEST_OFFSET + ot_padded(size), err) < 0)
        return -1;
    if (ot_source_take(source, image, OT_MANIFEST_NAME, OT_MANIFEST_OFFSET, size, NULL, err) < 0)
        return -1;
    *text = (struct ot_span){(const char *)image->bytes + OT_MANIFEST_OFFSET, (size_t)size};
    ot_sha256_hex(*text, digest);
    if (statement != NULL && strcmp(digest, statement->manifest_sha256) != 0)
        return ot_refuse(err, OT_E_MANIFEST, "%s: SHA-256 is %s, the statement says %s",
                         OT_MANIFEST_NAME, digest, statement->manifest_sha256);
    return 0;
}

static int check_manifest(const struct verification *v, struct ot_error *err)
{
    struct ot_payload *payload = v->payload;
    struct ot_span text;

    if (ot_source_take_manifest(v->source, payload->has_statement ? &payload->statement : NULL,
                                &payload->image, &text, err) < 0 ||
        ot_manifest_parse(text, &payload->manifest, err) < 0)
        return -1;
    payload->manifest_size = text.len;
    passed(v, OT_CHECK_MANIFEST, "%zu bytes, %zu functions, %zu members", text.len,
           payload->manifest->function_count, payload->manifest->member_count);
    return 0;
}

static int check_engine(const struct verification *v, struct ot_error *err)
{
    const char *date = v->payload->manifest->compatibility_date;

    /* both are YYYY-MM-DD, so bytewise order is the order in time */
    if (v->trust->engine_date != NULL && strcmp(date, v->trust->engine_date) > 0)
        return ot_refuse(err, OT_E_ENGINE,
                         "%s: the compatibility date is %s, newer than the engine's %s",
                         OT_MANIFEST_NAME, date, v->trust->engine_date);
    passed(v, OT_CHECK_ENGINE, "%s, compatibility date %s", OT_ENGINE_NAME, date);
    return 0;
}

static int check_sequence(const struct verification *v, struct ot_error *err)
{
    uint64_t sequence = v->payload->statement.sequence;
    uint64_t floor = v->trust->min_sequence;

    if (v->trust->state != NULL && ot_state_check(v->trust->state, ot_payload_statement(v->payload),
                                                  v->payload->signers.count > 0, err) < 0)
        return -1;
    if (!v->payload->has_statement) {
        /* nothing says how old it is */
        if (floor > 0)
            return ot_refuse(err, OT_E_ROLLBACK,
                             "no statement, so no sequence; the floor is %" PRIu64, floor);
        passed(v, OT_CHECK_SEQUENCE, "none");
        return 0;
    }
    if (sequence < floor)
        return ot_refuse(err, OT_E_ROLLBACK,
                         "%s: the sequence is %" PRIu64 ", the floor is %" PRIu64,
                         OT_STATEMENT_NAME, sequence, floor);
    if (v->trust->state != NULL && v->trust->state->floor > floor)
        floor = v->trust->state->floor;
    passed(v, OT_CHECK_SEQUENCE, "%" PRIu64 ", floor %" PRIu64, sequence, floor);
    return 0;
}

static int check_expiry(const struct verification *v, struct ot_error *err)
{
    const struct ot_statement *statement = &v->payload->statement;

    if (!statement->has_not_after) {
        passed(v, OT_CHECK_EXPIRY, "none");
        return 0;
    }
    if (v->trust->now > statement->not_after)
        return ot_refuse(err, OT_E_EXPIRED,
                         "%s: notAfter is %" PRIu64 ", the time is %" PRIu64
                         " (seconds since 1970)",
                         OT_STATEMENT_NAME, statement->not_after, v->trust->now);
    passed(v, OT_CHECK_EXPIRY, "notAfter %" PRIu64, statement->not_after);
    return 0;
}

static int check_policy(const struct verification *v, struct ot_error *err)
{
    struct ot_payload *payload = v->payload;
    const struct ot_trust *trust = v->trust;
    struct ot_policy *policy = &payload->policy;

    if (trust->state != NULL &&
        ot_growth_check(trust->state, payload->manifest, payload->signers.count,
                        trust->growth_threshold, err) < 0)
        return -1;
    if (trust->file == NULL) {
        passed(v, OT_CHECK_POLICY, "none, keys alone");
        return 0;
    }
    if (trust->state != NULL &&
        ot_state_check_trust(trust->state, trust->file->version, trust->file->sha256, err) < 0)
        return -1;
    if (ot_policy_check(trust, &payload->statement, policy, err) < 0)
        return -1;
    payload->has_policy = true;
    passed(v, OT_CHECK_POLICY, "trust file version %" PRIu64 ", sha256 %s, %zu rebuild keys of %u",
           policy->version, policy->sha256, policy->rebuilders.count,
           trust->file->thresholds[OT_ROLE_REBUILD]);
    return 0;
}

/* Layout and hashes are found out in the same pass over the members. */
static int check_members(const struct verification *v, struct ot_error *err)
{
    struct ot_payload *payload = v->payload;
    const struct ot_manifest *manifest = payload->manifest;

    if (ot_source_check_payload_size(v->source, manifest, v->max_size, err) < 0 ||
        (v->source->is_folder && ot_source_check_folder(v->source, manifest, err) < 0) ||
        ot_image_grow(&payload->image, manifest->payload_size, err) < 0 ||
        ot_members_take(v->source, &payload->image, manifest, v->threads, err) < 0 ||
        ot_source_check_end(v->source, err) < 0)
        return -1;
    passed(v, OT_CHECK_LAYOUT, "%zu members, %" PRIu64 " bytes", manifest->member_count,
           manifest->payload_size);
    passed(v, OT_CHECK_HASHES, "%zu of %zu members", manifest->member_count,
           manifest->member_count);
    return ot_image_seal(&payload->image, err);
}

int ot_payload_verify(const struct ot_source *source, const struct ot_trust *trust,
                      unsigned threads, const struct ot_check_observer *observer,
                      struct ot_payload **out, struct ot_error *err)
{
    OT_AUTOPAYLOAD struct ot_payload *payload = ot_alloc(1, sizeof(*payload));
    const struct verification v = {
        .source = source,
        .trust = trust,
        .observer = observer,
        .max_size = trust->max_size > 0 ? trust->max_size : OT_PAYLOAD_MAX,
        .threads = threads,
        .payload = payload,
    };

    if (check_file(&v, err) < 0 || ot_source_take_pages(source, &payload->image, err) < 0 ||
        check_signatures(&v, err) < 0 || check_statement(&v, err) < 0 ||
        check_manifest(&v, err) < 0 || check_engine(&v, err) < 0 || check_sequence(&v, err) < 0 ||
        check_expiry(&v, err) < 0 || check_policy(&v, err) < 0 || check_members(&v, err) < 0)
        return -1;
    *out = OT_STEAL(payload);
    return 0;
}

/* What ot_payload_open was called with. */
struct opening {
    const char *path;
    const struct ot_trust *trust;
    unsigned threads;
    const struct ot_check_observer *observer;
    struct ot_payload **out;
};

static int open_and_verify(void *context, struct ot_error *err)
{
    const struct opening *opening = context;
    struct ot_source source;
    int result;

    if (ot_source_open(&source, opening->path, err) < 0)
        return -1;
    result = ot_payload_verify(&source, opening->trust, opening->threads, opening->observer,
                               opening->out, err);
    ot_source_close(&source);
    return result < 0 ? ot_error_prefix(err, "%s", opening->path) : 0;
}

int ot_payload_open(const char *path, const struct ot_trust *trust, unsigned threads,
                    const struct ot_check_observer *observer, struct ot_payload **out,
                    struct ot_error *err)
{
    struct opening opening = {path, trust, threads, observer, out};

    return ot_confined(open_and_verify, &opening, err);
}

void ot_payload_free(struct ot_payload *payload)
{
    if (payload == NULL)
        return;
    ot_image_free(&payload->image);
    ot_manifest_free(payload->manifest);
    ot_list_free(&payload->signers);
    ot_list_free(&payload->policy.rebuilders);
    ot_list_free(&payload->policy.engines);
    free(payload);
}

void ot_payload_cleanup(struct ot_payload **payload)
{
    ot_payload_free(*payload);
}

const struct ot_manifest *ot_payload_manifest(const struct ot_payload *payload)
{
    return payload->manifest;
}

const struct ot_statement *ot_payload_statement(const struct ot_payload *payload)
{
    return payload->has_statement ? &payload->statement : NULL;
}

const struct ot_list *ot_payload_signers(const struct ot_payload *payload)
{
    return &payload->signers;
}

const struct ot_policy *ot_payload_policy(const struct ot_payload *payload)
{
    return payload->has_policy ? &payload->policy : NULL;
}

void ot_payload_describe(const struct ot_payload *payload, struct ot_buf *out)
{
    const struct ot_statement *statement = ot_payload_statement(payload);

    if (statement != NULL)
        ot_buf_printf(out, ", %s %s sequence %" PRIu64, statement->name, statement->version,
                      statement->sequence);
    if (payload->signers.count == 0)
        ot_buf_puts(out, ", unsigned");
}

static struct ot_span piece(const struct ot_payload *payload, uint64_t offset, uint64_t size)
{
    return (struct ot_span){(const char *)payload->image.bytes + offset, (size_t)size};
}

struct ot_span ot_payload_bytes(const struct ot_payload *payload, const struct ot_member *member)
{
    bool taken = payload->engine_taken && member == payload->manifest->engine;

    return piece(payload, member->offset, taken ? 0 : member->size);
}

int ot_payload_take_engine(struct ot_payload *payload, int fd, struct ot_error *err)
{
    const struct ot_member *engine = payload->manifest->engine;
    struct ot_span rest = ot_payload_bytes(payload, engine);

    payload->engine_taken = true;
    while (rest.len > 0) {
        size_t len = rest.len < ENGINE_PIECE ? rest.len : ENGINE_PIECE;

        if (ot_write_all(fd, rest.data, len, engine->path, err) < 0)
            return -1;
        ot_image_release(&payload->image, engine->offset + engine->size - rest.len, len);
        rest = (struct ot_span){rest.data + len, rest.len - len};
    }
    return 0;
}

struct ot_span ot_payload_manifest_text(const struct ot_payload *payload)
{
    return piece(payload, OT_MANIFEST_OFFSET, payload->manifest_size);
}

struct ot_span ot_payload_image(const struct ot_payload *payload)
{
    return piece(payload, 0, payload->manifest->payload_size);
}
