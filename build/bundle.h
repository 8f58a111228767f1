/* From entries to output files: the esbuild runs of one build. */
#pragma once

#include "build/build.h"
#include "build/metafile.h"
#include "build/plugin.h"

/*
 * Where esbuild believes to write, in the functions folder. Nothing is written there; it is fixed,
 * and beneath the folder, so that relative paths in the outputs are the same wherever the folder
 * is.
 */
#define OT_BUNDLE_OUT ".onetube"

/* Runs that one build may take: with `require`, and for modules with top-level await. */
#define OT_BUNDLE_RUNS 2

struct ot_bundle_options {
    const struct ot_project *project;
    const struct ot_vendored *vendored;
    struct ot_collection *collection;  /* NULL: this is a build */
    const struct ot_metafile *earlier; /* of what the result becomes a part of; may be NULL */
    bool minify;
    bool splitting;
    enum ot_sourcemap sourcemap;
    const char *target;
};

/* A file of the dist. Both spans point into the bundle's answers. */
struct ot_bundle_file {
    struct ot_span path; /* passes ot_is_relative_path */
    struct ot_span data;
};

/* Start from `{0}`. */
struct ot_bundle {
    struct ot_bundle_file *files; /* sorted by path bytewise, each once */
    size_t file_count;
    struct ot_metafile metafile;
    struct ot_esbuild_answer answers[OT_BUNDLE_RUNS];
    struct ot_buf *rewritten; /* bytes that are not esbuild's any more */
    size_t rewritten_count;
    struct ot_source_use *uses; /* files that the sources read by literal paths */
    size_t use_count;
    struct ot_list notes;      /* "<importer>\n<what was taken instead of what it wrote>" */
    struct ot_lookups lookups; /* where our resolver looked */
    bool has_twins;            /* chunks with the same bytes, see ot_relabel */
    bool has_redirects; /* a copy of a package stands for another, of which nothing else tells */
};

/* That folder, absolute; the caller frees it. */
char *ot_bundle_out(const struct ot_project *project);
/* The flags of esbuild that all runs of such a build have; appended. */
void ot_bundle_flags(const struct ot_bundle_options *options, struct ot_list *flags);
/*
 * Bundles all entries: functions/<name>.js for each, and what they share and need. Entries with
 * top-level await are found here, and marked. Messages go into the report. Errors: OT_FAILED when
 * the sources have errors, OT_TOOL when esbuild fails.
 */
OT_MUST_USE int ot_bundle(struct ot_esbuild *esbuild, const struct ot_bundle_options *options,
                          struct ot_bundle_entry *entries, size_t entry_count,
                          struct ot_bundle *out, struct ot_build_report *report,
                          struct ot_error *err);
/* Adds what was taken instead of what the sources name, each once, to the report. */
void ot_bundle_tell(const struct ot_bundle *bundle, struct ot_build_report *report);
/*
 * Adds a file, whose bytes must outlive the bundle. Errors: OT_FAILED, esbuild made another one of
 * that name.
 */
OT_MUST_USE int ot_bundle_add(struct ot_bundle *bundle, struct ot_span path, struct ot_span data,
                              struct ot_error *err);
/* By its path, or NULL. */
struct ot_bundle_file *ot_bundle_find(const struct ot_bundle *bundle, const char *path);
void ot_bundle_free(struct ot_bundle *bundle);
