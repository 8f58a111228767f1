#include "cli/output.h"
#include "cli/signers.h"

#include "base/file.h"
#include "base/instant.h"
#include "package/attest.h"
#include "package/sign.h"
#include "verify/reset.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STATE_MARK "onetube-state-v1 "

struct values {
    struct ot_signer_values signers;
    const char *trust;
    uint64_t to, expires;
    const char *out;
};

static const struct ot_option options[] = {
    OT_SIGNER_OPTIONS(struct values, signers),
    {.name = "trust",
     .value = "FILE.json",
     .help = "the trust file whose root keys sign",
     .type = OT_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct values, trust)},
    {.name = "to",
     .value = "N",
     .help =
         "of a state file: the new floor, the sequence of the oldest release that may run again",
     .type = OT_OPTION_UINT,
     .offset = offsetof(struct values, to)},
    {.name = "expires",
     .value = "TIME",
     .help = "of a state file: when the reset ends; seconds since 1970, or 2027-01-31T12:00:00Z",
     .type = OT_OPTION_TIME,
     .offset = offsetof(struct values, expires)},
    {.name = "out",
     .value = "FILE",
     .help = "where the reset goes (default: a reset that is signed once more is replaced)",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, out)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "trust reset",
    .operands = "STATE|RESET",
    .summary = "let machines back that accepted a sequence that was too high",
    .description =
        "Of a copy of a machine's state file (--state): makes a reset, which lowers the floor of "
        "every machine that has accepted the same release. The trust file must have revoked the "
        "manifest of that release first (its SHA-256 is in the message otherwise), so that it "
        "does not come back. Of a reset: adds signatures. As many root keys must sign as the trust "
        "file says.\n\n"
        "A machine takes it with --reset FILE. It is used once, when the release that it let in "
        "has "
        "answered; from then on, and where it does not belong, it changes nothing.",
    .example =
        "  onetube trust reset shop.state --to 8 --expires 2027-01-31T00:00:00Z --trust trust.json "
        "--sign-key root.key.pem --out shop.reset\n"
        "  onetube trust reset shop.reset --trust trust.json --sign-key root2.key.pem\n"
        "  onetube-serve fw.1tube --trust trust.json --state shop.state --reset shop.reset",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

static void defaults(void *pointer)
{
    struct values *values = pointer;

    values->to = values->expires = OT_NO_TIME;
}

/* Of the state: everything but the choice of --to and --expires follows from it. */
static int make(const struct values *values, struct ot_span text, const struct ot_trust_file *trust,
                struct ot_reset *reset, struct ot_error *err)
{
    OT_AUTOSTATE struct ot_state *state = ot_alloc(1, sizeof(*state));

    if (values->to == OT_NO_TIME || values->expires == OT_NO_TIME || values->out == NULL)
        return ot_fail(err, OT_USAGE, "--to, --expires and --out are needed with a state file");
    if (ot_state_parse(text, state, err) < 0)
        return -1;
    if (values->to >= state->floor)
        return ot_fail(err, OT_USAGE, "--to %" PRIu64 ": the floor is %" PRIu64 " already",
                       values->to, state->floor);
    if (!ot_list_has(&trust->revoked_manifests, state->manifest_sha256))
        return ot_fail(err, OT_FAILED,
                       "the trust file does not revoke the manifest %s of the release that went "
                       "too far; it would come back",
                       state->manifest_sha256);
    *reset = (struct ot_reset){.number = state->reset + 1,
                               .from = state->floor,
                               .to = values->to,
                               .trust_version = trust->version,
                               .expires = values->expires};
    memcpy(reset->name, state->name, sizeof(reset->name));
    memcpy(reset->manifest_sha256, state->manifest_sha256, sizeof(reset->manifest_sha256));
    return 0;
}

/* `reset` and the envelope, of a state file or of a reset. */
static int read_operand(const struct values *values, const char *path,
                        const struct ot_trust_file *trust, struct ot_reset *reset,
                        struct ot_envelope *envelope, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_span span;

    if (ot_read_file(path, OT_STATE_MAX, &text, err) < 0)
        return -1;
    span = ot_buf_span(&text);
    if (ot_span_starts(span, STATE_MARK)) {
        if (make(values, span, trust, reset, err) < 0)
            return -1;
        ot_reset_text(reset, &envelope->text);
        return 0;
    }
    if (values->to != OT_NO_TIME || values->expires != OT_NO_TIME)
        return ot_fail(err, OT_USAGE, "--to and --expires belong to a state file; %s is none",
                       path);
    if (ot_envelope_parse(envelope, span, err) < 0 ||
        ot_reset_parse(reset, ot_buf_span(&envelope->text), err) < 0)
        return ot_error_prefix(err, "%s", path);
    return 0;
}

static int check_signers(const struct ot_signer_set *signers, const struct ot_trust_file *trust,
                         struct ot_error *err)
{
    if (signers->count == 0)
        return ot_fail(err, OT_USAGE, "--sign-key KEY or --signer CMD is missing");
    for (size_t i = 0; i < signers->count; i++) {
        const char *id = ot_signer_key_id(&signers->items[i]);
        bool is_root = false;

        for (size_t k = 0; k < trust->key_count; k++)
            is_root = is_root || (trust->keys[k].role == OT_ROLE_ROOT &&
                                  strcmp(trust->keys[k].key.id, id) == 0);
        if (!is_root)
            return ot_fail(err, OT_USAGE, "the key %s is no root key of the trust file", id);
    }
    return 0;
}

static int write_reset(const char *path, struct ot_envelope *envelope, struct ot_error *err)
{
    OT_AUTOTEMP struct ot_temp_file temp = OT_TEMP_INIT;
    OT_AUTOBUF struct ot_buf file = {0};

    ot_envelope_write(envelope, &file);
    if (ot_temp_open(&temp, path, 0644, err) < 0 ||
        ot_write_all(temp.fd, file.data, file.len, path, err) < 0)
        return -1;
    return ot_temp_commit(&temp, false, err);
}

static void print(const char *path, const struct ot_reset *reset,
                  const struct ot_envelope *envelope, const struct ot_trust_file *trust)
{
    char expires[32];
    struct ot_error missing;

    ot_out_time(reset->expires, expires);
    ot_out_text(stdout, path);
    printf(": reset %" PRIu64 " of %s: floor %" PRIu64 " to %" PRIu64
           ", trust file version %" PRIu64 " or newer, until %s, signed by %u of %u root keys%s\n",
           reset->number, reset->name, reset->from, reset->to, reset->trust_version, expires,
           envelope->page.count, trust->thresholds[OT_ROLE_ROOT],
           ot_reset_check(reset, envelope, trust, 0, &missing) < 0 ? ", not enough yet" : "");
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    const char *path = parsed->operands[0];
    const char *out = values->out != NULL ? values->out : path;
    OT_AUTOSIGNERS struct ot_signer_set signers = {.count = 0};
    OT_AUTOENVELOPE struct ot_envelope envelope = {.page.count = 0};
    OT_AUTOTRUSTFILE struct ot_trust_file *trust = NULL;
    struct ot_reset reset;

    if (ot_trust_file_load(values->trust, &trust, err) < 0 ||
        ot_trust_file_signed_by(trust, trust, err) < 0 ||
        read_operand(values, path, trust, &reset, &envelope, err) < 0 ||
        ot_signer_set_load(&signers, &values->signers, err) < 0 ||
        check_signers(&signers, trust, err) < 0 ||
        ot_envelope_sign(&envelope, signers.items, signers.count, err) < 0 ||
        write_reset(out, &envelope, err) < 0)
        return -1;
    print(out, &reset, &envelope, trust);
    return 0;
}

const struct ot_cli_command ot_cli_trust_reset = {
    .command = &command, .group = "Trust", .defaults = defaults, .run = run};
