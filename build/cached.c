#include "build/cached.h"

#include "build/cached_name.h"
#include "build/diagnostics.h"
#include "build/partial.h"

#include <stdlib.h>
#include <string.h>

/* One build. */
struct cached {
    struct ot_bundler *bundler;
    struct ot_cache *cache;
    const struct ot_bundle_options *options;
    struct ot_bundle_entry *entries;
    size_t count;
    struct ot_build_report *report;
    struct ot_keep **keep;
    char name[OT_SHA256_HEX];
    struct ot_record old;  /* of the build before; empty: there is none */
    uint64_t *changed;     /* functions that are not as they were */
    struct ot_bundle made; /* what a partial build bundled */
};

static void free_cached(struct cached *cached)
{
    ot_record_free(&cached->old);
    ot_bundle_free(&cached->made);
    free(cached->changed);
}

/* -- esbuild ----------------------------------------------------------------------------------- */

void ot_bundler_free(struct ot_bundler *bundler)
{
    ot_esbuild_stop(bundler->esbuild);
    free(bundler->path);
    *bundler = (struct ot_bundler){0};
}

int ot_bundler_start(struct ot_bundler *bundler, struct ot_error *err)
{
    if (bundler->esbuild != NULL)
        return 0;
    return ot_esbuild_start(bundler->path, bundler->jobs, &bundler->esbuild, err);
}

int ot_bundler_ready(struct ot_bundler *bundler, struct ot_error *err)
{
    if (bundler->ready)
        return 0;
    if (ot_bundler_start(bundler, err) < 0 || ot_esbuild_ready(bundler->esbuild, err) < 0)
        return -1;
    bundler->ready = true;
    return 0;
}

static int bundle(const struct cached *cached, struct ot_bundle_entry *entries, size_t count,
                  const struct ot_metafile *earlier, struct ot_bundle *out,
                  struct ot_build_report *report, struct ot_error *err)
{
    struct ot_bundle_options options = *cached->options;

    options.earlier = earlier;
    if (ot_bundler_ready(cached->bundler, err) < 0)
        return -1;
    return ot_bundle(cached->bundler->esbuild, &options, entries, count, out, report, err);
}

/* -- the record before ------------------------------------------------------------------------- */

static bool load(struct cached *cached)
{
    OT_AUTOBUF struct ot_buf bytes = {0};

    return ot_cache_get(cached->cache, cached->name, &bytes) &&
           ot_record_read(&cached->old, ot_buf_span(&bytes)) &&
           cached->old.function_count == cached->count;
}

static bool load_files(struct cached *cached)
{
    struct ot_record *old = &cached->old;
    struct ot_bundle *bundle = &old->bundle;
    bool whole = true;

    for (size_t i = 0; i < old->pack_count; i++) {
        struct ot_buf *data = &bundle->rewritten[bundle->rewritten_count++];

        /* to the last, so that everything that is broken makes room for what is made now */
        whole =
            ot_cache_get_blob(cached->cache, old->packs[i].sha256, old->packs[i].data.len, data) &&
            whole;
        old->packs[i].data = ot_buf_span(data);
    }
    for (size_t i = 0; i < bundle->file_count && whole; i++)
        bundle->files[i].data.data =
            old->packs[old->places[i].pack].data.data + old->places[i].offset;
    return whole;
}

static void find_changed(struct cached *cached)
{
    struct ot_record now = {0};
    OT_AUTOGRAPH struct ot_graph graph = {0};
    OT_AUTOFREE uint64_t *users = ot_record_users(&cached->old, &graph);

    ot_record_describe(&now, cached->options, cached->entries);
    ot_record_settings(&now, cached->options->project, &graph, users);
    for (size_t i = 0; i < cached->count; i++) {
        const struct ot_record_function *before = &cached->old.functions[i];

        if (strcmp(before->name, now.functions[i].name) != 0 ||
            strcmp(before->entry, now.functions[i].entry) != 0 ||
            strcmp(before->settings, now.functions[i].settings) != 0)
            ot_bits_add(cached->changed, i);
    }
    ot_record_free(&now);
    ot_facts_check(&cached->old.facts, cached->changed);
}

static struct ot_bundle_entry *entry_of(const struct cached *cached, const char *name)
{
    for (size_t i = 0; i < cached->count; i++) {
        if (strcmp(cached->entries[i].name, name) == 0)
            return &cached->entries[i];
    }
    return NULL;
}

/* The entries as they came out for the functions that did not change. */
static void take_entries(const struct cached *cached)
{
    for (size_t i = 0; i < cached->count; i++) {
        struct ot_bundle_entry *entry = entry_of(cached, cached->old.functions[i].name);

        if (ot_bits_has(cached->changed, i))
            continue;
        entry->cached = true;
        entry->top_level_await = cached->old.functions[i].top_level_await;
    }
}

/* -- nothing changed --------------------------------------------------------------------------- */

static void take_all(struct cached *cached, struct ot_bundle *out)
{
    take_entries(cached);
    for (size_t i = 0; i < cached->old.diagnostic_count; i++)
        ot_report_add(cached->report, ot_diagnostic_copy(&cached->old.diagnostics[i]));
    *out = cached->old.bundle;
    cached->old.bundle = (struct ot_bundle){0};
}

/* -- some changed ------------------------------------------------------------------------------ */

/* Bundles the chosen functions. */
static bool make_chosen(struct cached *cached, const bool *chosen, struct ot_build_report *report)
{
    OT_AUTOFREE struct ot_bundle_entry *entries = ot_alloc(cached->count, sizeof(*entries));
    size_t count = 0;
    struct ot_error ignored;

    for (size_t i = 0; i < cached->count; i++) {
        if (chosen[i])
            entries[count++] = *entry_of(cached, cached->old.functions[i].name);
    }
    if (bundle(cached, entries, count, &cached->old.bundle.metafile, &cached->made, report,
               &ignored) < 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < cached->count; j++) {
            const struct ot_record_function *before = &cached->old.functions[j];

            if (strcmp(before->name, entries[i].name) == 0 &&
                before->top_level_await != entries[i].top_level_await)
                return false;
        }
    }
    return true;
}

/* Whether an unchanged function still has the module. */
static bool is_kept(const struct cached *cached, const struct ot_graph *graph,
                    const uint64_t *users, const char *path, size_t len)
{
    OT_AUTOFREE char *name = ot_strndup(path, len);
    size_t words = OT_BITS_WORDS(cached->count), node = ot_graph_find(graph, name);

    if (node == OT_NO_NODE)
        return true;
    for (size_t i = 0; i < words; i++) {
        if ((users[node * words + i] & ~cached->changed[i]) != 0)
            return true;
    }
    return false;
}

static struct ot_source_use copy_use(const struct ot_source_use *from)
{
    struct ot_source_use copy = *from;

    copy.source = ot_strdup(from->source);
    copy.package = from->package != NULL ? ot_strdup(from->package) : NULL;
    copy.read.path = ot_strdup(from->read.path);
    return copy;
}

/* What the sources were found to say, from both. */
static void join_findings(const struct cached *cached, struct ot_bundle *out)
{
    const struct ot_bundle *old = &cached->old.bundle, *made = &cached->made;
    OT_AUTOGRAPH struct ot_graph graph = {0};
    OT_AUTOFREE uint64_t *users = ot_record_users(&cached->old, &graph);

    out->uses = ot_alloc(old->use_count + made->use_count + 1, sizeof(*out->uses));
    for (size_t i = 0; i < old->use_count; i++) {
        const char *source = old->uses[i].source;

        if (is_kept(cached, &graph, users, source, strlen(source)))
            out->uses[out->use_count++] = copy_use(&old->uses[i]);
    }
    for (size_t i = 0; i < made->use_count; i++)
        out->uses[out->use_count++] = copy_use(&made->uses[i]);
    for (size_t i = 0; i < old->notes.count; i++) {
        if (is_kept(cached, &graph, users, old->notes.items[i], strcspn(old->notes.items[i], "\n")))
            ot_list_add(&out->notes, old->notes.items[i]);
    }
    for (size_t i = 0; i < made->notes.count; i++)
        ot_list_add(&out->notes, made->notes.items[i]);
    ot_list_sort_unique(&out->notes);
    for (size_t i = 0; i < old->lookups.count + made->lookups.count; i++) {
        const struct ot_lookup *lookup = i < old->lookups.count
                                             ? &old->lookups.items[i]
                                             : &made->lookups.items[i - old->lookups.count];

        if (i >= old->lookups.count ||
            is_kept(cached, &graph, users, lookup->importer, strlen(lookup->importer)))
            ot_lookups_add(&out->lookups, ot_span_of(lookup->importer), ot_span_of(lookup->folder),
                           ot_span_of(lookup->target), lookup->entry);
    }
}

/* The warnings about modules that did not change, and the new ones. */
static void join_warnings(const struct cached *cached, const struct ot_build_report *made)
{
    OT_AUTOGRAPH struct ot_graph graph = {0};
    OT_AUTOFREE uint64_t *users = ot_record_users(&cached->old, &graph);

    for (size_t i = 0; i < cached->old.diagnostic_count; i++) {
        const struct ot_diagnostic *diagnostic = &cached->old.diagnostics[i];
        bool kept = true;

        for (size_t j = 0; j < graph.nodes->count && diagnostic->file != NULL; j++) {
            const char *path = graph.nodes->items[j].path;
            OT_AUTOFREE char *shown = ot_shown_path(cached->options->project->shown, path);

            if (strcmp(shown, diagnostic->file) == 0)
                kept = is_kept(cached, &graph, users, path, strlen(path));
        }
        if (kept)
            ot_report_add(cached->report, ot_diagnostic_copy(diagnostic));
    }
    for (size_t i = 0; i < made->diagnostic_count; i++)
        ot_report_add(cached->report, ot_diagnostic_copy(&made->diagnostics[i]));
}

/* What the result points into: it lives as long as the result. */
static void take_bytes(struct ot_bundle *out, struct ot_bundle *from)
{
    out->rewritten = ot_realloc(out->rewritten, out->rewritten_count + from->rewritten_count + 1,
                                sizeof(*out->rewritten));
    for (size_t i = 0; i < from->rewritten_count; i++)
        out->rewritten[out->rewritten_count++] = from->rewritten[i];
    from->rewritten_count = 0;
    for (size_t i = 0; i < OT_BUNDLE_RUNS; i++) {
        if (from->answers[i].bytes.len == 0)
            continue;
        out->answers[i] = from->answers[i];
        from->answers[i] = (struct ot_esbuild_answer){0};
    }
}

static bool make_partial(struct cached *cached, struct ot_bundle *out)
{
    bool splitting = cached->options->splitting;
    OT_AUTOFREE bool *chosen = ot_alloc(cached->count, sizeof(*chosen));
    struct ot_build_report report = {0};
    bool done;

    if (!ot_partial_choose(&cached->old, cached->changed, splitting, chosen))
        return false;
    done = make_chosen(cached, chosen, &report) &&
           ot_partial_merge(&cached->old, cached->changed, splitting, &cached->made, out);
    if (done) {
        take_bytes(out, &cached->old.bundle);
        take_bytes(out, &cached->made);
        join_findings(cached, out);
        join_warnings(cached, &report);
        take_entries(cached);
    } else {
        ot_bundle_free(out);
    }
    ot_build_report_free(&report);
    return done;
}

/* -- keeping ----------------------------------------------------------------------------------- */

/* With what is left of the record before. */
static void keep(struct cached *cached, const struct ot_bundle *bundle)
{
    const struct ot_keep_options options = {
        .cache = cached->cache,
        .name = cached->name,
        .bundle_options = cached->options,
        .entries = cached->entries,
        .bundle = bundle,
        .report = cached->report,
        .since = cached->bundler->since,
    };

    if (!bundle->has_redirects)
        *cached->keep = ot_keep_begin(&options, &cached->old);
}

/* The facts of the record before that did not change: they need not be looked at again. */
static void drop_changed_facts(struct cached *cached)
{
    struct ot_facts *facts = &cached->old.facts;
    size_t words = OT_BITS_WORDS(cached->count), kept = 0;

    for (size_t i = 0; i < facts->count; i++) {
        if (ot_bits_meet(facts->items[i].users, cached->changed, words)) {
            free(facts->items[i].path);
            free(facts->items[i].users);
        } else {
            facts->items[kept++] = facts->items[i];
        }
    }
    facts->count = kept;
}

/* The system takes back esbuild's memory, which is much, while we go on. */
static int bundle_all(struct cached *cached, struct ot_bundle *out, struct ot_error *err)
{
    int result = bundle(cached, cached->entries, cached->count, NULL, out, cached->report, err);

    if (result == 0)
        ot_esbuild_dismiss(cached->bundler->esbuild);
    return result;
}

/* What the record gives, wholly or in part. */
static bool reuse(struct cached *cached, struct ot_bundle *out)
{
    if (ot_bits_empty(cached->changed, OT_BITS_WORDS(cached->count))) {
        take_all(cached, out);
        return true;
    }
    drop_changed_facts(cached);
    if (!make_partial(cached, out))
        return false;
    ot_esbuild_dismiss(cached->bundler->esbuild);
    keep(cached, out);
    return true;
}

/* -- all of it --------------------------------------------------------------------------------- */

int ot_bundle_cached(struct ot_bundler *bundler, struct ot_cache *cache,
                     const struct ot_bundle_options *options, struct ot_bundle_entry *entries,
                     size_t entry_count, struct ot_bundle *out, struct ot_keep **keeping,
                     struct ot_build_report *report, struct ot_error *err)
{
    OT_CLEANUP(free_cached)
    struct cached cached = {.bundler = bundler,
                            .cache = cache,
                            .options = options,
                            .entries = entries,
                            .count = entry_count,
                            .report = report,
                            .keep = keeping};
    size_t words = OT_BITS_WORDS(entry_count);

    if (cache == NULL || !ot_record_name(options, bundler->path, cached.name))
        return bundle_all(&cached, out, err);
    cached.changed = ot_alloc(words, sizeof(*cached.changed));
    if (load(&cached)) {
        find_changed(&cached);
        /* it starts while the files are read */
        if (!ot_bits_empty(cached.changed, words) && ot_bundler_start(bundler, err) < 0)
            return -1;
        if (load_files(&cached) && reuse(&cached, out))
            return 0;
    }
    if (bundle_all(&cached, out, err) < 0)
        return -1;
    ot_record_free(&cached.old);
    keep(&cached, out);
    return 0;
}
