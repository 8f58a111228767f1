/*
 * Private to verify/: the pieces of the manifest's reader that its files share. Errors are
 * OT_FAILED and begin "line:column: "; ot_manifest_parse gives them their code.
 */
#pragma once

#include "verify/manifest.h"

/* The longest item of a permission list, in bytes. */
#define OT_PERMISSION_MAX 1024u
/* The largest number in a function's config; it fits every signed 32-bit integer. */
#define OT_CONFIG_NUMBER_MAX 2147483647u

/*
 * Reads an array of strings into `out`: each must pass `valid` and, bytewise, be greater than the
 * one before. `what` names an item in messages.
 */
OT_MUST_USE int ot_read_sorted_list(struct ot_json *json, bool (*valid)(struct ot_span),
                                    const char *what, struct ot_list *out, struct ot_error *err);

/* The value of `config`. `config` must be initialised with ot_function_config_init. */
OT_MUST_USE int ot_function_config_read(struct ot_json *json, struct ot_function_config *config,
                                        struct ot_error *err);
/* Nothing given. */
void ot_function_config_init(struct ot_function_config *config);
void ot_function_config_free(struct ot_function_config *config);

/* What is known of a function only while the manifest is being read. */
struct ot_function_draft {
    const char *bundle_path;
    size_t first_module; /* in module_paths */
};

/*
 * A manifest that has been read but not yet checked as a whole. `members` holds the bundles in the
 * order of the functions, then the files, then the engine.
 */
struct ot_manifest_draft {
    struct ot_manifest *manifest;
    struct ot_function_draft *functions; /* one per function */
    const char **module_paths;           /* of all functions */
    size_t module_count;
    size_t text_size;
    struct ot_member engine; /* no path: there is none */
};

/*
 * The checks that need the whole: no path twice, none that is another's folder, no two
 * function names that differ only in case, module files that exist. Puts the members in order,
 * links functions to them and computes every offset. Time is O(n log n) in the number of
 * members and module files.
 */
OT_MUST_USE int ot_manifest_link(struct ot_manifest_draft *draft, struct ot_error *err);
