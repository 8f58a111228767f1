#include "verify/reset.h"

#include "base/file.h"
#include "verify/field.h"
#include "verify/in_toto.h"
#include "verify/pae.h"
#include "verify/refusal.h"

#include <inttypes.h>
#include <string.h>

void ot_reset_text(const struct ot_reset *reset, struct ot_buf *out)
{
    ot_buf_printf(
        out,
        OT_IN_TOTO_HEAD(OT_RESET_TYPE) "\"predicate\":{\"name\":\"%s\",\"number\":%" PRIu64
                                       ",\"from\":%" PRIu64 ",\"to\":%" PRIu64
                                       ",\"trustVersion\":%" PRIu64 ",\"expires\":%" PRIu64 "}}",
        reset->manifest_sha256, reset->name, reset->number, reset->from, reset->to,
        reset->trust_version, reset->expires);
}

static int read_text(struct ot_reset *reset, struct ot_span text, struct ot_error *err)
{
    OT_CLEANUP(ot_json_end) struct ot_json json;
    OT_AUTOBUF struct ot_buf again = {0};

    ot_json_begin(&json, text, 0);
    if (ot_in_toto_head(&json, OT_RESET_TYPE, reset->manifest_sha256, err) < 0 ||
        ot_json_expect_key(&json, "predicate", err) < 0 || ot_json_object(&json, err) < 0 ||
        ot_in_toto_text(&json, "name", reset->name, err) < 0 ||
        ot_field_uint(&json, "number", OT_SAFE_INTEGER_MAX, &reset->number, err) < 0 ||
        ot_field_uint(&json, "from", OT_SAFE_INTEGER_MAX, &reset->from, err) < 0 ||
        ot_field_uint(&json, "to", OT_SAFE_INTEGER_MAX, &reset->to, err) < 0 ||
        ot_field_uint(&json, "trustVersion", OT_SAFE_INTEGER_MAX, &reset->trust_version, err) < 0 ||
        ot_field_uint(&json, "expires", OT_SAFE_INTEGER_MAX, &reset->expires, err) < 0 ||
        ot_json_expect_end(&json, err) < 0 || ot_json_expect_end(&json, err) < 0 ||
        ot_json_finish(&json, err) < 0)
        return -1;
    if (reset->number == 0)
        return ot_fail(err, OT_FAILED, "number is at least 1");
    if (reset->to >= reset->from)
        return ot_fail(err, OT_FAILED, "to is not below from");
    ot_reset_text(reset, &again);
    if (!ot_span_equal(ot_buf_span(&again), text))
        return ot_fail(err, OT_FAILED, "not the one valid spelling: one line, no white space");
    return 0;
}

int ot_reset_parse(struct ot_reset *reset, struct ot_span text, struct ot_error *err)
{
    int done;

    memset(reset, 0, sizeof(*reset));
    done = read_text(reset, text, err);
    if (done < 0 && err->kind != OT_REFUSED) {
        err->kind = OT_REFUSED;
        err->code = OT_E_STATEMENT;
    }
    return done;
}

bool ot_reset_is_of(const struct ot_reset *reset, const struct ot_state *state)
{
    return state->exists && reset->number > state->reset && reset->from == state->floor &&
           strcmp(reset->name, state->name) == 0 &&
           strcmp(reset->manifest_sha256, state->manifest_sha256) == 0;
}

void ot_reset_apply(const struct ot_reset *reset, struct ot_state *state)
{
    state->floor = reset->to;
    state->reset = reset->number;
}

int ot_reset_check(const struct ot_reset *reset, const struct ot_envelope *envelope,
                   const struct ot_trust_file *trust, uint64_t now, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf message = {0};

    ot_pae(OT_IN_TOTO_TYPE, ot_buf_span(&envelope->text), &message);
    if (ot_trust_file_root_signed(trust, "the reset", &envelope->page, ot_buf_span(&message), err) <
        0)
        return -1;
    if (trust->version < reset->trust_version)
        return ot_refuse(err, OT_E_TRUST,
                         "the reset needs a trust file of version %" PRIu64
                         " or newer, this one is of version %" PRIu64,
                         reset->trust_version, trust->version);
    if (now > reset->expires)
        return ot_refuse(err, OT_E_EXPIRED,
                         "the reset expired at %" PRIu64 ", the time is %" PRIu64
                         " (seconds since 1970)",
                         reset->expires, now);
    return 0;
}

static int use(struct ot_span file, const struct ot_trust_file *trust, uint64_t now,
               struct ot_state *state, struct ot_reset *reset, struct ot_error *err)
{
    OT_AUTOENVELOPE struct ot_envelope envelope = {.page.count = 0};

    if (ot_envelope_parse(&envelope, file, err) < 0 ||
        ot_reset_parse(reset, ot_buf_span(&envelope.text), err) < 0)
        return -1;
    if (!ot_reset_is_of(reset, state))
        return 0;
    if (ot_reset_check(reset, &envelope, trust, now, err) < 0)
        return -1;
    ot_reset_apply(reset, state);
    return 1;
}

int ot_reset_use(const char *path, const struct ot_trust_file *trust, uint64_t now,
                 struct ot_state *state, struct ot_reset *reset, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf file = {0};
    int used;

    if (ot_read_file(path, OT_ENVELOPE_MAX, &file, err) < 0)
        return -1;
    used = use(ot_buf_span(&file), trust, now, state, reset, err);
    return used < 0 ? ot_error_prefix(err, "%s", path) : used;
}
