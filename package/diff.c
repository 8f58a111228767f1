#include "package/diff.h"

#include "package/diff_side.h"

#include <stdlib.h>
#include <string.h>

/* -- members ----------------------------------------------------------------------------------- */

static bool same_bytes(const struct ot_member *a, const struct ot_member *b)
{
    return a->size == b->size && memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}

static void put_member(struct ot_diff *diff, enum ot_change kind, const struct ot_member *before,
                       const struct ot_member *after)
{
    diff->members[diff->member_count++] = (struct ot_member_change){kind, before, after};
}

/* "files/add-KS3RA5K5.wasm" is the file "files/add.wasm": esbuild puts eight letters of a hash
 * behind the name. The length up to them, or 0. */
static size_t hashed_name(const char *path, const char **rest)
{
    const char *name = strrchr(path, '/');
    const char *dot = name == NULL ? NULL : strrchr(name, '.');

    if (dot == NULL || dot - name < 11 || dot[-9] != '-')
        return 0;
    for (const char *c = dot - 8; c < dot; c++) {
        if ((*c < 'A' || *c > 'Z') && (*c < '0' || *c > '9'))
            return 0;
    }
    *rest = dot;
    return (size_t)(dot - 9 - path);
}

static bool same_but_hash(const struct ot_member *a, const struct ot_member *b)
{
    const char *rest_a, *rest_b;
    size_t len_a = hashed_name(a->path, &rest_a);
    size_t len_b = hashed_name(b->path, &rest_b);

    return len_a > 0 && len_a == len_b && strncmp(a->path, "files/", 6) == 0 &&
           memcmp(a->path, b->path, len_a) == 0 && strcmp(rest_a, rest_b) == 0;
}

static int by_digest(const void *a, const void *b)
{
    const struct ot_member_change *left = *(struct ot_member_change *const *)a;
    const struct ot_member_change *right = *(struct ot_member_change *const *)b;
    const struct ot_member *left_member = left->kind == OT_ADDED ? left->after : left->before;
    const struct ot_member *right_member = right->kind == OT_ADDED ? right->after : right->before;
    int order = memcmp(left_member->sha256, right_member->sha256, OT_SHA256_SIZE);

    if (order == 0)
        order = (left->kind > right->kind) - (left->kind < right->kind);
    return order != 0 ? order : strcmp(left_member->path, right_member->path);
}

static void join(struct ot_member_change *came, struct ot_member_change *went, enum ot_change kind)
{
    *came = (struct ot_member_change){kind, went->before, came->after};
    *went = (struct ot_member_change){kind, NULL, NULL};
}

/* One that went and one that came: with the same bytes, or neighbours in the list whose names
 * differ by the hash alone. */
static void join_members(struct ot_diff *diff)
{
    OT_AUTOFREE struct ot_member_change **alone = ot_alloc(diff->member_count + 1, sizeof(void *));
    size_t count = 0, kept = 0;

    for (size_t i = 0; i < diff->member_count; i++) {
        if (diff->members[i].kind != OT_CHANGED)
            alone[count++] = &diff->members[i];
    }
    qsort(alone, count, sizeof(*alone), by_digest);
    for (size_t i = 0; i + 1 < count; i++) {
        if (alone[i]->kind == OT_ADDED && alone[i + 1]->kind == OT_REMOVED &&
            same_bytes(alone[i]->after, alone[i + 1]->before)) {
            join(alone[i], alone[i + 1], OT_RENAMED);
            i++;
        }
    }
    for (size_t i = 0; i + 1 < diff->member_count; i++) {
        struct ot_member_change *one = &diff->members[i], *next = &diff->members[i + 1];

        if (one->kind == OT_ADDED && next->kind == OT_REMOVED &&
            same_but_hash(one->after, next->before))
            join(one, next, OT_CHANGED);
        else if (one->kind == OT_REMOVED && next->kind == OT_ADDED && one->before != NULL &&
                 same_but_hash(next->after, one->before))
            join(next, one, OT_CHANGED);
    }
    for (size_t i = 0; i < diff->member_count; i++) {
        if (diff->members[i].before != NULL || diff->members[i].after != NULL)
            diff->members[kept++] = diff->members[i];
    }
    diff->member_count = kept;
}

static void compare_members(struct ot_diff *diff)
{
    const struct ot_manifest *before = diff->before->preview.manifest;
    const struct ot_manifest *after = diff->after->preview.manifest;

    diff->members =
        ot_alloc(before->member_count + after->member_count + 1, sizeof(*diff->members));
    for (size_t i = 0, k = 0; i < before->member_count || k < after->member_count;) {
        const struct ot_member *old = i < before->member_count ? &before->members[i] : NULL;
        const struct ot_member *new = k < after->member_count ? &after->members[k] : NULL;
        int order = old == NULL ? 1 : new == NULL ? -1 : strcmp(old->path, new->path);

        if (order < 0)
            put_member(diff, OT_REMOVED, old, NULL);
        else if (order > 0)
            put_member(diff, OT_ADDED, NULL, new);
        else if (!same_bytes(old, new))
            put_member(diff, OT_CHANGED, old, new);
        i += order <= 0;
        k += order >= 0;
    }
    join_members(diff);
}

/* -- functions --------------------------------------------------------------------------------- */

static uint64_t total_size(const struct ot_function *function)
{
    uint64_t total = function->bundle->size;

    for (size_t i = 0; i < function->module_count; i++)
        total += function->modules[i]->size;
    return total;
}

/* The modules among the changed ones that the function can reach. */
static size_t count_changes(const struct ot_diff_side *side, const struct ot_function *function)
{
    const struct ot_member *members = side->content->preview.manifest->members;
    size_t count = side->changes[function->bundle - members];

    for (size_t i = 0; i < function->module_count; i++)
        count += side->changes[function->modules[i] - members];
    return count;
}

static bool same_code(const struct ot_function *a, const struct ot_function *b)
{
    if (!same_bytes(a->bundle, b->bundle) || a->module_count != b->module_count)
        return false;
    for (size_t i = 0; i < a->module_count; i++) {
        if (strcmp(a->modules[i]->path, b->modules[i]->path) != 0 ||
            !same_bytes(a->modules[i], b->modules[i]))
            return false;
    }
    return true;
}

static bool has_power_change(const struct ot_diff *diff, const char *function, size_t *at)
{
    /* both are sorted by function, those of the payload first */
    while (*at < diff->power.count && (diff->power.items[*at].function == NULL ||
                                       strcmp(diff->power.items[*at].function, function) < 0))
        (*at)++;
    return *at < diff->power.count && strcmp(diff->power.items[*at].function, function) == 0;
}

static void put_function(struct ot_diff *diff, const char *name, const struct ot_function *old,
                         const struct ot_function *new, size_t *power_at)
{
    struct ot_function_change change = {
        .name = name,
        .kind = old == NULL   ? OT_ADDED
                : new == NULL ? OT_REMOVED
                              : OT_CHANGED,
        .before = old != NULL ? total_size(old) : 0,
        .after = new != NULL ? total_size(new) : 0,
    };

    change.code = old == NULL || new == NULL || !same_code(old, new);
    change.power = has_power_change(diff, change.name, power_at);
    if (!change.code && !change.power)
        return;
    if (new != NULL)
        change.modules = count_changes(diff->sides[1], new);
    if (old != NULL && change.modules == 0)
        change.modules = count_changes(diff->sides[0], old);
    diff->functions[diff->function_count++] = change;
}

static void compare_functions(struct ot_diff *diff)
{
    const struct ot_manifest *before = diff->before->preview.manifest;
    const struct ot_manifest *after = diff->after->preview.manifest;
    size_t power_at = 0;

    diff->functions =
        ot_alloc(before->function_count + after->function_count + 1, sizeof(*diff->functions));
    for (size_t i = 0, k = 0; i < before->function_count || k < after->function_count;) {
        const struct ot_function *old = i < before->function_count ? &before->functions[i] : NULL;
        const struct ot_function *new = k < after->function_count ? &after->functions[k] : NULL;
        int order = old == NULL ? 1 : new == NULL ? -1 : strcmp(old->name, new->name);

        put_function(diff, order <= 0 ? old->name : new->name, order <= 0 ? old : NULL,
                     order >= 0 ? new : NULL, &power_at);
        i += order <= 0;
        k += order >= 0;
    }
}

/* -- all --------------------------------------------------------------------------------------- */

static void free_sides(struct ot_diff *diff)
{
    for (unsigned i = 0; i < 2; i++) {
        if (diff->sides[i] != NULL)
            ot_diff_side_free(diff->sides[i]);
        free(diff->sides[i]);
        diff->sides[i] = NULL;
    }
    free(diff->modules);
    diff->modules = NULL;
    diff->module_count = 0;
}

static int look(struct ot_diff *diff, enum ot_insight insight, struct ot_error *err)
{
    free_sides(diff);
    diff->insight = insight;
    for (unsigned i = 0; i < 2; i++) {
        diff->sides[i] = ot_alloc(1, sizeof(*diff->sides[i]));
        if (ot_diff_side_read(diff->sides[i], i == 0 ? diff->before : diff->after, insight, err) <
            0)
            return -1;
    }
    ot_diff_modules(diff);
    return 0;
}

static bool has_maps(const struct ot_manifest *manifest)
{
    return strcmp(manifest->sourcemap, "none") != 0;
}

int ot_diff(const struct ot_content *before, const struct ot_content *after, struct ot_diff *out,
            struct ot_error *err)
{
    const struct ot_manifest *old = before->preview.manifest, *new = after->preview.manifest;
    bool readable = !old->minify && !new->minify;
    enum ot_insight insight = has_maps(old) && has_maps(new) ? OT_INSIGHT_SOURCES
                              : readable                     ? OT_INSIGHT_MODULES
                                                             : OT_INSIGHT_NONE;

    out->before = before;
    out->after = after;
    out->same = ot_span_equal(ot_buf_span(&before->preview.manifest_text),
                              ot_buf_span(&after->preview.manifest_text));
    if (look(out, insight, err) < 0)
        return -1;
    ot_power_compare(old, new, &out->power);
    ot_power_compare_builders(old, new, &out->builder);
    compare_members(out);
    /* the sources are the same, what was made of them is not: that is shown */
    if (insight == OT_INSIGHT_SOURCES && readable && out->module_count == 0 &&
        out->member_count > 0 && look(out, OT_INSIGHT_MODULES, err) < 0)
        return -1;
    compare_functions(out);
    return 0;
}

void ot_diff_free(struct ot_diff *diff)
{
    free_sides(diff);
    ot_power_free(&diff->power);
    ot_power_free(&diff->builder);
    free(diff->functions);
    free(diff->members);
    *diff = (struct ot_diff){0};
}
