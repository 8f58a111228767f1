#include "package/diff_side.h"

#include "package/modules.h"

#include <stdlib.h>
#include <string.h>

/* -- which functions reach a member ------------------------------------------------------------ */

static size_t number_of(const struct ot_manifest *manifest, const struct ot_member *member)
{
    return (size_t)(member - manifest->members);
}

static const struct ot_member *reached(const struct ot_function *function, size_t index)
{
    return index == 0 ? function->bundle : function->modules[index - 1];
}

static void index_functions(struct ot_diff_side *side)
{
    const struct ot_manifest *manifest = side->content->preview.manifest;
    OT_AUTOFREE size_t *fill = ot_alloc(manifest->member_count + 1, sizeof(*fill));

    side->begins = ot_alloc(manifest->member_count + 1, sizeof(*side->begins));
    side->changes = ot_alloc(manifest->member_count + 1, sizeof(*side->changes));
    for (size_t i = 0; i < manifest->function_count; i++) {
        for (size_t k = 0; k <= manifest->functions[i].module_count; k++)
            side->begins[number_of(manifest, reached(&manifest->functions[i], k)) + 1]++;
    }
    for (size_t i = 0; i < manifest->member_count; i++) {
        side->begins[i + 1] += side->begins[i];
        fill[i] = side->begins[i];
    }
    side->reaching = ot_alloc(side->begins[manifest->member_count] + 1, sizeof(*side->reaching));
    for (size_t i = 0; i < manifest->function_count; i++) {
        for (size_t k = 0; k <= manifest->functions[i].module_count; k++) {
            size_t member = number_of(manifest, reached(&manifest->functions[i], k));

            side->reaching[fill[member]++] = (uint32_t)i;
        }
    }
}

/* -- shapes ------------------------------------------------------------------------------------ */

void ot_module_stem(struct ot_span name, struct ot_buf *out)
{
    size_t end = name.len, begin;

    for (unsigned turn = 0; turn < 2; turn++) {
        begin = end;
        while (begin > 0 && name.data[begin - 1] != '/')
            begin--;
        if (turn == 0) {
            const char *dot = memchr(name.data + begin, '.', end - begin);

            end = dot != NULL && dot > name.data + begin ? (size_t)(dot - name.data) : end;
            if (begin == 0 ||
                !ot_span_is((struct ot_span){name.data + begin, end - begin}, "index"))
                break;
            end = begin - 1;
        }
    }
    for (size_t i = begin; i < end; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        ot_buf_putc(out, is_letter ? c : '_');
    }
}

void ot_append_without(struct ot_buf *out, struct ot_span text, struct ot_span word)
{
    const char *at = text.data;
    size_t left = text.len;

    while (word.len > 0 && left > 0) {
        const char *found = memmem(at, left, word.data, word.len);

        if (found == NULL)
            break;
        ot_buf_append(out, at, (size_t)(found - at));
        left -= (size_t)(found - at) + word.len;
        at = found + word.len;
    }
    ot_buf_append(out, at, left);
}

static void digest_shape(struct ot_span name, struct ot_span text, uint8_t out[OT_SHA256_SIZE])
{
    OT_AUTOBUF struct ot_buf stem = {0};
    OT_AUTOBUF struct ot_buf first = {0};
    OT_AUTOBUF struct ot_buf second = {0};

    ot_module_stem(name, &stem);
    ot_append_without(&first, text, name);
    ot_append_without(&second, ot_buf_span(&first), ot_buf_span(&stem));
    ot_sha256(ot_buf_span(&second), out);
}

/* -- modules ----------------------------------------------------------------------------------- */

static void put(struct ot_diff_side *side, const struct ot_member *member, uint32_t index,
                const struct ot_module *module)
{
    struct ot_module_place *place;

    if (side->count == OT_MODULES_MAX_COUNT) {
        side->cut = true;
        return;
    }
    if (side->count == side->cap) {
        side->cap = side->cap == 0 ? 256 : 2 * side->cap;
        side->places = ot_realloc(side->places, side->cap, sizeof(*side->places));
    }
    place = &side->places[side->count++];
    /* names move while they are collected: until the end only their lengths count */
    *place = (struct ot_module_place){.name = {NULL, module->name.len},
                                      .member = member,
                                      .bytes = module->text.len,
                                      .index = index};
    ot_buf_append(&side->names, module->name.data, module->name.len);
    ot_sha256(module->text, place->digest);
    if (ot_module_package(module->name).len == 0)
        digest_shape(module->name, module->text, place->shape);
}

/* The bundle or chunk that a linked map belongs to. */
static const struct ot_member *mapped(const struct ot_manifest *manifest,
                                      const struct ot_member *map)
{
    return ot_manifest_member(manifest, (struct ot_span){map->path, strlen(map->path) - 4});
}

static bool is_linked_map(const struct ot_member *member)
{
    return ot_span_ends(ot_span_of(member->path), ".js.map");
}

static bool is_runtime(const struct ot_member *member)
{
    return strcmp(member->path, OT_MODULES_RUNTIME) == 0;
}

/* The modules of a member as `insight` wants them; false: it has none. `*of` is the bundle. */
static bool read_modules(const struct ot_manifest *manifest, enum ot_insight insight,
                         const struct ot_member *member, struct ot_span bytes,
                         struct ot_modules *out, const struct ot_member **of)
{
    OT_AUTOBUF struct ot_buf map = {0};
    struct ot_error ignored;

    *of = member;
    if (insight == OT_INSIGHT_MODULES) {
        ot_modules_of_bundle(bytes, out);
        return true;
    }
    if (is_runtime(member)) {
        ot_modules_of_runtime(bytes, out);
        return true;
    }
    if (is_linked_map(member)) {
        *of = mapped(manifest, member);
        return *of != NULL && !is_runtime(*of) && ot_modules_of_map(bytes, out, &ignored) == 0;
    }
    return ot_modules_inline_map(bytes, &map) &&
           ot_modules_of_map(ot_buf_span(&map), out, &ignored) == 0;
}

static bool is_wanted(void *context, const struct ot_member *member)
{
    const struct ot_diff_side *side = context;
    struct ot_span path = ot_span_of(member->path);

    if (side->insight == OT_INSIGHT_NONE || ot_span_starts(path, "files/"))
        return false;
    return ot_span_ends(path, ".js") ||
           (side->insight == OT_INSIGHT_SOURCES && is_linked_map(member));
}

static void take(void *context, const struct ot_member *member, struct ot_span bytes)
{
    struct ot_diff_side *side = context;
    OT_AUTOMODULES struct ot_modules modules = {0};
    const struct ot_member *of;

    if (!read_modules(side->content->preview.manifest, side->insight, member, bytes, &modules, &of))
        return;
    for (size_t i = 0; i < modules.count; i++)
        put(side, of, (uint32_t)i, &modules.items[i]);
    side->cut = side->cut || modules.cut;
}

int ot_module_place_compare(const struct ot_module_place *a, const struct ot_module_place *b,
                            bool whole)
{
    int order = ot_span_compare(a->name, b->name);

    if (order == 0)
        order = memcmp(a->digest, b->digest, sizeof(a->digest));
    if (order == 0 && whole)
        order = strcmp(a->member->path, b->member->path);
    return order != 0 || !whole ? order : (a->index > b->index) - (a->index < b->index);
}

static int compare_places(const void *a, const void *b)
{
    return ot_module_place_compare(a, b, true);
}

int ot_diff_side_read(struct ot_diff_side *side, const struct ot_content *content,
                      enum ot_insight insight, struct ot_error *err)
{
    const struct ot_content_visitor visitor = {is_wanted, take, side};
    size_t at = 0;

    side->content = content;
    side->insight = insight;
    index_functions(side);
    if (ot_content_visit(content, &visitor, err) < 0)
        return -1;
    for (size_t i = 0; i < side->count; i++) {
        side->places[i].name.data = side->names.data + at;
        at += side->places[i].name.len;
    }
    if (side->count > 0)
        qsort(side->places, side->count, sizeof(*side->places), compare_places);
    return 0;
}

void ot_diff_side_free(struct ot_diff_side *side)
{
    free(side->places);
    ot_buf_free(&side->names);
    free(side->begins);
    free(side->reaching);
    free(side->changes);
    *side = (struct ot_diff_side){0};
}

/* -- reading one again ------------------------------------------------------------------------- */

int ot_diff_text(const struct ot_diff *diff, bool after, const struct ot_module_place *place,
                 struct ot_buf *out, struct ot_error *err)
{
    const struct ot_content *content = after ? diff->after : diff->before;
    const struct ot_manifest *manifest = content->preview.manifest;
    OT_AUTOFREE char *map_path = ot_asprintf("%s.map", place->member->path);
    const struct ot_member *map = ot_manifest_member(manifest, ot_span_of(map_path));
    const struct ot_member *member =
        diff->insight == OT_INSIGHT_SOURCES && map != NULL && !is_runtime(place->member)
            ? map
            : place->member;
    OT_AUTOMODULES struct ot_modules modules = {0};
    OT_AUTOBUF struct ot_buf bytes = {0};
    const struct ot_member *of;

    if (ot_content_read(content, member, &bytes, err) < 0)
        return -1;
    if (!read_modules(manifest, diff->insight, member, ot_buf_span(&bytes), &modules, &of) ||
        place->index >= modules.count)
        return ot_fail(err, OT_FAILED, "%s: %s: changed while it was read", content->path,
                       member->path);
    ot_buf_append(out, modules.items[place->index].text.data, modules.items[place->index].text.len);
    return 0;
}

int ot_diff_lines(const struct ot_diff *diff, const struct ot_module_change *change, size_t context,
                  size_t max, struct ot_diff_lines *out, struct ot_error *err)
{
    if (change->before != NULL && ot_diff_text(diff, false, change->before, &out->before, err) < 0)
        return -1;
    if (change->after != NULL && ot_diff_text(diff, true, change->after, &out->after, err) < 0)
        return -1;
    ot_lines_diff(ot_buf_span(&out->before), ot_buf_span(&out->after), context, max, &out->lines);
    return 0;
}

void ot_diff_lines_free(struct ot_diff_lines *lines)
{
    ot_buf_free(&lines->before);
    ot_buf_free(&lines->after);
    ot_lines_free(&lines->lines);
}
