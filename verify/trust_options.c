#include "verify/trust_options.h"

#include "base/text.h"

void ot_trust_options_init(struct ot_trust_options *values)
{
    values->threshold = 1;
    values->now = OT_NO_TIME;
}

/* By its name, so that nothing has to be guessed from what is in it. */
static bool is_trust_file(const char *source)
{
    return ot_span_ends(ot_span_of(source), ".json");
}

/* A file that stands for all of the policy: nothing beside it may widen it. */
static int load_file(const struct ot_trust_options *values, struct ot_trust *trust,
                     struct ot_error *err)
{
    if (values->trust.count > 1)
        return ot_fail(err, OT_USAGE, "--trust: a trust file stands alone");
    if (values->allow_unsigned)
        return ot_fail(err, OT_USAGE,
                       "a trust file allows nothing unsigned (--allow-unsigned or --dev is given)");
    if (ot_trust_take_file(trust, values->trust.items[0], err) < 0)
        return ot_error_prefix(err, "--trust");
    if ((trust->file->target_count > 0) != (values->target != NULL))
        return ot_fail(err, OT_USAGE,
                       values->target != NULL
                           ? "--trust-target: the trust file names no targets"
                           : "the trust file names targets: say which this is (--trust-target)");
    trust->target = values->target;
    for (size_t i = 0; i < values->attestations.count; i++) {
        if (ot_trust_add_attestation(trust, values->attestations.items[i], err) < 0)
            return ot_error_prefix(err, "--attestation");
    }
    return 0;
}

static int load_keys(const struct ot_trust_options *values, enum ot_error_kind nothing_trusted,
                     struct ot_trust *trust, struct ot_error *err)
{
    bool file = false;

    for (size_t i = 0; i < values->trust.count; i++)
        file = file || is_trust_file(values->trust.items[i]);
    if (!file && (values->target != NULL || values->attestations.count > 0))
        return ot_fail(err, OT_USAGE, "%s needs a trust file (--trust FILE.json)",
                       values->target != NULL ? "--trust-target" : "--attestation");
    if (file && load_file(values, trust, err) < 0)
        return -1;
    for (size_t i = 0; !file && i < values->trust.count; i++) {
        if (ot_trust_add(trust, values->trust.items[i], err) < 0)
            return ot_error_prefix(err, "--trust");
    }
    if (values->trust.count == 0 && ot_trust_add_dir(trust, OT_TRUST_DIR, err) < 0) {
        err->kind = nothing_trusted; /* the command line is not what is wrong */
        return -1;
    }
    for (size_t i = 0; i < values->revoked.count; i++) {
        if (ot_trust_revoke(trust, values->revoked.items[i], err) < 0)
            return ot_error_prefix(err, "--revoked");
    }
    return 0;
}

/* What was accepted before, and who may say that it does not count. */
static int load_state(const struct ot_trust_options *values, struct ot_trust *trust,
                      struct ot_error *err)
{
    struct ot_reset reset;
    int used;

    if (values->state == NULL && (values->reset != NULL || values->growth_threshold > 0))
        return ot_fail(err, OT_USAGE, "--%s needs --state FILE",
                       values->reset != NULL ? "reset" : "growth-threshold");
    if (values->state == NULL)
        return 0;
    if (ot_state_load(values->state, &trust->state, err) < 0)
        return -1;
    if (trust->growth_threshold < values->growth_threshold)
        trust->growth_threshold = (unsigned)values->growth_threshold;
    if (values->reset == NULL)
        return 0;
    if (trust->file == NULL)
        return ot_fail(err, OT_USAGE, "--reset needs a trust file (--trust FILE.json)");
    used = ot_reset_use(values->reset, trust->file, trust->now, trust->state, &reset, err);
    if (used <= 0)
        return used;
    trust->reset = ot_alloc(1, sizeof(reset));
    *trust->reset = reset;
    return 0;
}

int ot_trust_options_load(const struct ot_trust_options *values, enum ot_error_kind nothing_trusted,
                          struct ot_trust *trust, struct ot_error *err)
{
    ot_trust_init(trust);
    trust->threshold = (unsigned)values->threshold;
    trust->min_sequence = values->min_sequence;
    trust->max_size = values->max_size;
    trust->allow_unsigned = values->allow_unsigned;
    if (values->threshold == 0)
        return ot_fail(err, OT_USAGE, "--threshold is at least 1");
    if (values->engine_date != NULL && !ot_is_date(ot_span_of(values->engine_date)))
        return ot_fail(err, OT_USAGE, "--engine-date: \"%.64s\" is not a date like 2025-09-15",
                       values->engine_date);
    trust->engine_date = values->engine_date;
    if (values->now != OT_NO_TIME)
        trust->now = values->now;
    if (load_keys(values, nothing_trusted, trust, err) < 0 || load_state(values, trust, err) < 0)
        return -1;
    if (trust->key_count == 0 && !trust->allow_unsigned)
        return ot_fail(
            err, nothing_trusted,
            "no key is trusted: give --trust KEY, or put *.pem files into " OT_TRUST_DIR);
    if (trust->key_count > 0 && trust->key_count < trust->threshold)
        return ot_fail(err, nothing_trusted, "--threshold %u, but only %zu %s trusted",
                       trust->threshold, trust->key_count,
                       trust->key_count == 1 ? "key is" : "keys are");
    return 0;
}
