#include "build/keep.h"

#include "build/cached_name.h"
#include "build/diagnostics.h"
#include "build/facts_collect.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Blobs that the outputs of a build may be spread over, before all are put into a new one. */
#define PACKS_MAX 16u

struct ot_keep {
    struct ot_cache *cache;
    char name[OT_SHA256_HEX];
    const struct ot_project *project;
    struct timespec since;
    struct ot_record record; /* of its bundle, files and metafile are its own */
    struct ot_facts known;
    struct ot_record_pack *packs; /* of the build before */
    size_t pack_count;
    struct ot_buf fresh; /* outputs that are in none of them: the record's last pack */
    bool has_fresh;
    pthread_t thread;
    bool threaded;
    bool has_facts;          /* the thread's, until it has ended */
    atomic_flag files_taken; /* by the thread, or by who waits for it */
};

static void free_keep(struct ot_keep *keep)
{
    free(keep->record.bundle.files);
    ot_metafile_free(&keep->record.bundle.metafile);
    keep->record.bundle = (struct ot_bundle){0};
    ot_record_free(&keep->record);
    ot_facts_free(&keep->known);
    ot_buf_free(&keep->fresh);
    free(keep->packs);
    free(keep);
}

/* -- outputs ----------------------------------------------------------------------------------- */

/* The offset at which the pack has these very bytes (not: others that are equal), or SIZE_MAX. */
static size_t offset_in(const struct ot_record_pack *pack, struct ot_span data)
{
    uintptr_t start = (uintptr_t)pack->data.data, at = (uintptr_t)data.data;

    if (start == 0 || at < start || at - start > pack->data.len ||
        data.len > pack->data.len - (at - start))
        return SIZE_MAX;
    return at - start;
}

/* The pack's place in the record, which it is added to. */
static size_t take_pack(struct ot_record *record, const struct ot_record_pack *pack)
{
    size_t i = 0;

    while (i < record->pack_count && strcmp(record->packs[i].sha256, pack->sha256) != 0)
        i++;
    if (i == record->pack_count)
        record->packs[record->pack_count++] = *pack;
    return i;
}

/* Where the file's bytes are in the cache already; false: nowhere. */
static bool find_place(struct ot_keep *keep, struct ot_span data, struct ot_record_place *place)
{
    for (size_t i = 0; i < keep->pack_count && keep->pack_count < PACKS_MAX; i++) {
        place->offset = offset_in(&keep->packs[i], data);
        if (place->offset != SIZE_MAX) {
            place->pack = take_pack(&keep->record, &keep->packs[i]);
            return true;
        }
    }
    return false;
}

/* Finds a place for every file; what is new is copied for a blob. */
static void place_files(struct ot_keep *keep)
{
    struct ot_record *record = &keep->record;
    const struct ot_bundle *bundle = &record->bundle;
    OT_AUTOFREE bool *is_new = ot_alloc(bundle->file_count + 1, sizeof(*is_new));
    struct ot_buf *fresh = &keep->fresh;
    struct ot_record_pack pack = {0};

    record->places = ot_alloc(bundle->file_count + 1, sizeof(*record->places));
    record->packs = ot_alloc(keep->pack_count + 1, sizeof(*record->packs));
    for (size_t i = 0; i < bundle->file_count; i++) {
        struct ot_span data = bundle->files[i].data;

        if (find_place(keep, data, &record->places[i]))
            continue;
        keep->has_fresh = is_new[i] = true;
        record->places[i].offset = fresh->len;
        ot_buf_append(fresh, data.data, data.len);
    }
    if (!keep->has_fresh)
        return;
    ot_sha256_hex(ot_buf_span(fresh), pack.sha256);
    pack.data.len = fresh->len;
    for (size_t i = 0; i < bundle->file_count; i++) {
        if (is_new[i])
            record->places[i].pack = record->pack_count;
    }
    record->packs[record->pack_count++] = pack;
}

static bool put_fresh(const struct ot_keep *keep)
{
    const struct ot_record *record = &keep->record;

    return !keep->has_fresh ||
           ot_cache_put_blob(keep->cache, record->packs[record->pack_count - 1].sha256,
                             ot_buf_span(&keep->fresh));
}

/* -- all of it --------------------------------------------------------------------------------- */

static bool find_facts(struct ot_keep *keep)
{
    struct ot_record *record = &keep->record;
    OT_AUTOGRAPH struct ot_graph graph = {0};
    OT_AUTOFREE uint64_t *users = ot_record_users(record, &graph);
    const char *folder = keep->project->folder;

    ot_record_settings(record, keep->project, &graph, users);
    ot_facts_collect(&record->facts, &graph, users, &record->bundle.lookups, folder);
    return ot_facts_settle(&record->facts, &keep->known, folder, keep->since);
}

/* All that was found. */
static void put(struct ot_keep *keep)
{
    OT_AUTOBUF struct ot_buf bytes = {0};

    if (put_fresh(keep) && ot_record_write(&keep->record, &bytes) &&
        ot_cache_put(keep->cache, keep->name, ot_buf_span(&bytes)))
        ot_cache_trim(keep->cache, OT_CACHE_MAX);
}

/* True: the caller placed the files, which only the first does, and puts all that was found. */
static bool take_files(struct ot_keep *keep)
{
    if (atomic_flag_test_and_set(&keep->files_taken))
        return false;
    place_files(keep);
    return true;
}

static void *run(void *context)
{
    struct ot_keep *keep = context;

    keep->has_facts = find_facts(keep);
    if (keep->has_facts && take_files(keep))
        put(keep);
    return NULL;
}

struct ot_keep *ot_keep_begin(const struct ot_keep_options *options, struct ot_record *old)
{
    struct ot_keep *keep = ot_alloc(1, sizeof(*keep));
    struct ot_record *record = &keep->record;
    const struct ot_bundle *bundle = options->bundle;

    atomic_flag_clear(&keep->files_taken);
    keep->cache = options->cache;
    memcpy(keep->name, options->name, sizeof(keep->name));
    keep->project = options->bundle_options->project;
    keep->since = options->since;
    keep->known = old->facts;
    keep->packs = OT_STEAL(old->packs);
    keep->pack_count = old->pack_count;
    old->facts = (struct ot_facts){0};
    old->pack_count = 0;
    ot_record_describe(record, options->bundle_options, options->entries);
    record->bundle = *bundle;
    record->bundle.files = ot_alloc(bundle->file_count + 1, sizeof(*bundle->files));
    memcpy(record->bundle.files, bundle->files, bundle->file_count * sizeof(*bundle->files));
    record->bundle.metafile = ot_metafile_copy(&bundle->metafile);
    record->diagnostics =
        ot_alloc(options->report->diagnostic_count + 1, sizeof(*record->diagnostics));
    for (size_t i = 0; i < options->report->diagnostic_count; i++)
        record->diagnostics[record->diagnostic_count++] =
            ot_diagnostic_copy(&options->report->diagnostics[i]);
    keep->threaded = pthread_create(&keep->thread, NULL, run, keep) == 0;
    if (!keep->threaded)
        run(keep);
    return keep;
}

void ot_keep_end(struct ot_keep *keep)
{
    if (keep == NULL)
        return;
    if (keep->threaded) {
        bool took = take_files(keep); /* rather than to wait only */

        pthread_join(keep->thread, NULL);
        if (took && keep->has_facts)
            put(keep);
    }
    free_keep(keep);
}
