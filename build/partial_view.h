/* A metafile with the sets that partial builds reason about; for partial*.c alone. */
#pragma once

#include "build/graph.h"
#include "build/record.h"

struct ot_partial_view {
    const struct ot_metafile *metafile;
    struct ot_graph inputs, outputs;
    size_t functions, words;       /* how many, and the words of a set of them */
    uint64_t *users;               /* for each input: functions that reach it in any way */
    uint64_t *makers;              /* for each output: functions that reach it in any way */
    const struct ot_list *dynamic; /* what import() names: the bits of keys behind the functions */
    size_t key_words;
    uint64_t *keys; /* for each input: see partial.h */
};

/* `functions` names the bits; sets everything but the keys. Start from `{0}`. */
void ot_partial_view_open(struct ot_partial_view *view, const struct ot_metafile *metafile,
                          const struct ot_record_function *functions, size_t count);
void ot_partial_view_close(struct ot_partial_view *view);
/* Appends what the modules of these functions name by import(). */
void ot_partial_view_dynamic(const struct ot_partial_view *view, const uint64_t *plain,
                             struct ot_list *out);
/* Sets the keys; `plain`: the functions that are bundled together. `dynamic` must outlive it. */
void ot_partial_view_keys(struct ot_partial_view *view, const uint64_t *plain,
                          const struct ot_record_function *functions,
                          const struct ot_list *dynamic);
const uint64_t *ot_partial_users(const struct ot_partial_view *view, size_t input);
const uint64_t *ot_partial_makers(const struct ot_partial_view *view, size_t output);
const uint64_t *ot_partial_key(const struct ot_partial_view *view, size_t input);

/* The makers of a file of the bundle, a source map's being those of its script; NULL: none. */
const uint64_t *ot_partial_file_makers(const struct ot_partial_view *view, struct ot_span path);

/* The rank of each input as the run of these functions meets them; the caller frees it. */
size_t *ot_partial_order(const struct ot_partial_view *view, const uint64_t *plain,
                         const struct ot_record_function *functions);

/* The functions that are bundled together: none of those with top-level await. */
uint64_t *ot_partial_plain(const struct ot_record *record, bool splitting);
