#include "verify/growth.h"

#include "verify/refusal.h"

#include <inttypes.h>

/* Changes that a message lists. */
#define CHANGES_SHOWN 5u

/* "pay: env A -> B" */
static void describe(const struct ot_power_change *change, struct ot_buf *out)
{
    if (change->function != NULL)
        ot_buf_printf(out, "%s: ", change->function);
    ot_buf_puts(out, change->what);
    if (change->before != NULL)
        ot_buf_printf(out, " %s", change->before);
    if (change->before != NULL || change->after == NULL)
        ot_buf_puts(out, " ->");
    ot_buf_printf(out, " %s", change->after != NULL ? change->after : "none");
}

/* How many changes are growth; the first few are described. */
static size_t find_growth(const struct ot_manifest *before, const struct ot_manifest *after,
                          struct ot_buf *told)
{
    OT_AUTOPOWER struct ot_power power = {0};
    size_t count = 0;

    ot_power_compare(before, after, &power);
    for (size_t i = 0; i < power.count; i++) {
        if (!ot_power_is_growth(&power.items[i]))
            continue;
        if (count > 0 && count < CHANGES_SHOWN)
            ot_buf_puts(told, "; ");
        if (count++ < CHANGES_SHOWN)
            describe(&power.items[i], told);
    }
    if (count > CHANGES_SHOWN)
        ot_buf_printf(told, "; and %zu more", count - CHANGES_SHOWN);
    return count;
}

int ot_growth_check(const struct ot_state *state, const struct ot_manifest *after, size_t signed_by,
                    unsigned threshold, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf told = {0};
    struct ot_manifest *before = NULL;
    struct ot_error unread;
    size_t count = 1;

    if (!state->exists || signed_by >= threshold)
        return 0;
    if (ot_manifest_parse(ot_buf_span(&state->manifest), &before, &unread) < 0)
        ot_buf_puts(&told, "this version cannot read what that one could do");
    else
        count = find_growth(before, after, &told);
    ot_manifest_free(before);
    if (count == 0)
        return 0;
    return ot_refuse(
        err, OT_E_POLICY,
        "it may do more than sequence %" PRIu64
        " did, which was accepted before (%s); signed by %zu, at least %u release keys "
        "must have signed that",
        state->sequence, told.data, signed_by, threshold);
}
