/* What a record of the cache is for (cached.h). */
#pragma once

#include "build/graph.h"
#include "build/record.h"

/* Its name; false: there can be none. `program` is esbuild's path. */
bool ot_record_name(const struct ot_bundle_options *options, const char *program,
                    char name[OT_SHA256_HEX]);

/*
 * New digests of the functions' entries and settings, in the order of the project's functions;
 * `record->functions` must be empty. `users` has the functions that reach each input of `graph`.
 */
void ot_record_describe(struct ot_record *record, const struct ot_bundle_options *options,
                        const struct ot_bundle_entry *entries);
void ot_record_settings(struct ot_record *record, const struct ot_project *project,
                        const struct ot_graph *graph, const uint64_t *users);

/* The functions that reach each of the build's modules, and the modules' graph, which is opened. */
uint64_t *ot_record_users(const struct ot_record *record, struct ot_graph *graph);
