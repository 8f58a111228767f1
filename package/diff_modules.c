#include "package/diff_side.h"

#include "package/modules.h"

#include <stdlib.h>
#include <string.h>

/* What is being collected. */
struct work {
    struct ot_diff *diff;
    size_t cap;
};

/* The places of one name on one side. */
struct group {
    const struct ot_module_place *items;
    size_t count;
};

static void count_in(struct ot_diff_side *side, const struct ot_module_place *place)
{
    if (place != NULL)
        side->changes[place->member - side->content->preview.manifest->members]++;
}

static void put(struct work *work, enum ot_change kind, const struct ot_module_place *before,
                const struct ot_module_place *after)
{
    struct ot_diff *diff = work->diff;

    if (diff->module_count == work->cap) {
        work->cap = work->cap == 0 ? 64 : 2 * work->cap;
        diff->modules = ot_realloc(diff->modules, work->cap, sizeof(*diff->modules));
    }
    diff->modules[diff->module_count++] = (struct ot_module_change){kind, before, after};
}

/* -- one name on both sides -------------------------------------------------------------------- */

/* Those of `of` whose text is not in `other`; both are sorted by digest. */
static size_t without(struct group of, struct group other, const struct ot_module_place **out)
{
    size_t count = 0;

    for (size_t i = 0, k = 0; i < of.count; i++) {
        while (k < other.count && ot_module_place_compare(&other.items[k], &of.items[i], false) < 0)
            k++;
        if (k == other.count || ot_module_place_compare(&other.items[k], &of.items[i], false) != 0)
            out[count++] = &of.items[i];
    }
    return count;
}

static int by_member(const void *a, const void *b)
{
    const struct ot_module_place *const *left = a, *const *right = b;

    return strcmp((*left)->member->path, (*right)->member->path);
}

static int by_texts(const void *a, const void *b)
{
    const struct ot_module_change *left = a, *right = b;
    int order = memcmp(left->before->digest, right->before->digest, OT_SHA256_SIZE);

    return order != 0 ? order : memcmp(left->after->digest, right->after->digest, OT_SHA256_SIZE);
}

/*
 * A module may be in several bundles, each with what that one needs of it. Texts are compared where
 * they stand in the same member; a text that is only in a member that is not on the other side,
 * such as a chunk of another name, is compared with any.
 */
static void pair_texts(struct work *work, const struct ot_module_place **before, size_t old_count,
                       const struct ot_module_place **after, size_t new_count)
{
    size_t first = work->diff->module_count, kept;

    qsort(before, old_count, sizeof(*before), by_member);
    qsort(after, new_count, sizeof(*after), by_member);
    for (size_t i = 0, k = 0; i < old_count && k < new_count;) {
        int order = by_member(&before[i], &after[k]);

        if (order == 0)
            put(work, OT_CHANGED, before[i], after[k]);
        i += order <= 0;
        k += order >= 0;
    }
    if (first == work->diff->module_count)
        put(work, OT_CHANGED, before[0], after[0]);
    qsort(work->diff->modules + first, work->diff->module_count - first,
          sizeof(*work->diff->modules), by_texts);
    kept = first + 1;
    for (size_t i = kept; i < work->diff->module_count; i++) {
        if (by_texts(&work->diff->modules[i], &work->diff->modules[kept - 1]) != 0)
            work->diff->modules[kept++] = work->diff->modules[i];
    }
    work->diff->module_count = kept;
}

static void compare_group(struct work *work, struct group before, struct group after)
{
    OT_AUTOFREE const struct ot_module_place **old = ot_alloc(before.count, sizeof(void *));
    OT_AUTOFREE const struct ot_module_place **new = ot_alloc(after.count, sizeof(void *));
    size_t old_count = without(before, after, old);
    size_t new_count = without(after, before, new);

    for (size_t i = 0; i < old_count; i++)
        count_in(work->diff->sides[0], old[i]);
    for (size_t i = 0; i < new_count; i++)
        count_in(work->diff->sides[1], new[i]);
    if (old_count > 0 && new_count > 0)
        pair_texts(work, old, old_count, new, new_count);
}

/* -- all names --------------------------------------------------------------------------------- */

static struct group group_at(const struct ot_diff_side *side, size_t at)
{
    struct group group = {side->places + at, 0};

    while (at + group.count < side->count &&
           ot_span_compare(group.items[0].name, group.items[group.count].name) == 0)
        group.count++;
    return group;
}

/* Everything of a name that the other side does not have. */
static void put_alone(struct work *work, int side, struct group group)
{
    for (size_t i = 0; i < group.count; i++)
        count_in(work->diff->sides[side], &group.items[i]);
    if (side == 0)
        put(work, OT_REMOVED, group.items, NULL);
    else
        put(work, OT_ADDED, NULL, group.items);
}

static void compare_all(struct work *work)
{
    struct ot_diff_side *const *sides = work->diff->sides;

    for (size_t i = 0, k = 0; i < sides[0]->count || k < sides[1]->count;) {
        struct group old = {NULL, 0}, new = {NULL, 0};
        int order;

        if (i < sides[0]->count)
            old = group_at(sides[0], i);
        if (k < sides[1]->count)
            new = group_at(sides[1], k);
        order = old.count == 0   ? 1
                : new.count == 0 ? -1
                                 : ot_span_compare(old.items[0].name, new.items[0].name);
        if (order < 0)
            put_alone(work, 0, old);
        else if (order > 0)
            put_alone(work, 1, new);
        else
            compare_group(work, old, new);
        i += order <= 0 ? old.count : 0;
        k += order >= 0 ? new.count : 0;
    }
}

/* -- other names ------------------------------------------------------------------------------- */

static const uint8_t *shape_of(const struct ot_module_change *change)
{
    return change->before != NULL ? change->before->shape : change->after->shape;
}

static int by_shape(const void *a, const void *b)
{
    const struct ot_module_change *left = *(struct ot_module_change *const *)a;
    const struct ot_module_change *right = *(struct ot_module_change *const *)b;
    int order = memcmp(shape_of(left), shape_of(right), OT_SHA256_SIZE);

    if (order == 0)
        order = (left->kind > right->kind) - (left->kind < right->kind);
    return order != 0 ? order : (left > right) - (left < right);
}

/* One that went and one that came with the same text are one; modules of packages are left out. */
static void join_renamed(struct ot_diff *diff)
{
    OT_AUTOFREE struct ot_module_change **alone = ot_alloc(diff->module_count + 1, sizeof(void *));
    size_t count = 0, kept = 0;

    for (size_t i = 0; i < diff->module_count; i++) {
        static const uint8_t none[OT_SHA256_SIZE];
        struct ot_module_change *change = &diff->modules[i];

        if ((change->kind == OT_ADDED || change->kind == OT_REMOVED) &&
            memcmp(shape_of(change), none, sizeof(none)) != 0)
            alone[count++] = change;
    }
    qsort(alone, count, sizeof(*alone), by_shape);
    for (size_t i = 0; i + 1 < count; i++) {
        struct ot_module_change *came = alone[i], *went = alone[i + 1];

        if (came->kind == OT_ADDED && went->kind == OT_REMOVED &&
            memcmp(shape_of(came), shape_of(went), OT_SHA256_SIZE) == 0) {
            *came = (struct ot_module_change){OT_RENAMED, went->before, came->after};
            *went = (struct ot_module_change){OT_RENAMED, NULL, NULL};
            i++;
        }
    }
    for (size_t i = 0; i < diff->module_count; i++) {
        if (diff->modules[i].before != NULL || diff->modules[i].after != NULL)
            diff->modules[kept++] = diff->modules[i];
    }
    diff->module_count = kept;
}

void ot_diff_modules(struct ot_diff *diff)
{
    struct work work = {.diff = diff};

    compare_all(&work);
    join_renamed(diff);
    diff->modules_cut = diff->sides[0]->cut || diff->sides[1]->cut;
}

/* -- who runs it ------------------------------------------------------------------------------- */

static void mark_functions(const struct ot_diff_side *side, const struct ot_module_place *place,
                           bool *marks)
{
    size_t member = (size_t)(place->member - side->content->preview.manifest->members);

    for (size_t i = side->begins[member]; i < side->begins[member + 1]; i++)
        marks[side->reaching[i]] = true;
}

size_t ot_diff_functions(const struct ot_diff *diff, const struct ot_module_change *change,
                         size_t max, struct ot_list *names)
{
    bool is_after = change->after != NULL;
    const struct ot_diff_side *side = diff->sides[is_after];
    const struct ot_module_place *place = is_after ? change->after : change->before;
    const struct ot_manifest *manifest = side->content->preview.manifest;
    OT_AUTOFREE bool *marks = ot_alloc(manifest->function_count, sizeof(*marks));
    size_t count = 0;

    for (; place < side->places + side->count; place++) {
        if (ot_module_place_compare(place, is_after ? change->after : change->before, false) != 0)
            break;
        mark_functions(side, place, marks);
    }
    for (size_t i = 0; i < manifest->function_count; i++) {
        if (marks[i] && count++ < max)
            ot_list_add(names, manifest->functions[i].name);
    }
    return count;
}
