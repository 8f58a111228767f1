/*
 * Settings files that belong to other tools (deno.json[c], import_map.json, package.json, tsconfig,
 * wrangler.toml|json|jsonc, supabase/config.toml) as one kind of tree, whichever language they are
 * written in, with the place of each value for messages.
 */
#pragma once

#include "base/buf.h"

#define OT_TREE_MAX (4u << 20) /* bytes of a settings file */
#define OT_TREE_DEPTH 16u      /* nested tables and arrays */

enum ot_tree_type {
    OT_TREE_NULL,
    OT_TREE_OBJECT, /* a TOML table */
    OT_TREE_ARRAY,
    OT_TREE_STRING,
    OT_TREE_BOOL,
    OT_TREE_NUMBER, /* also TOML's dates; `text` as written */
};

struct ot_tree {
    enum ot_tree_type type;
    char *key;             /* in an object; else NULL */
    char *text;            /* of a string or number; else NULL */
    bool truth;            /* OT_TREE_BOOL */
    unsigned line, column; /* of the key, or of an array's item; from 1 */
    struct ot_tree *items;
    size_t count, cap;
    bool defined; /* TOML: by a header or a value of its own; nothing is added by another header */
};

#define OT_AUTOTREE OT_CLEANUP(ot_tree_free)

/*
 * Reads JSON, with comments and trailing commas. `file` names it in messages
 * ("<file>:<line>:<column>: ..."). Errors: OT_FAILED; the tree is empty then. A key given twice has
 * its last value, as in JavaScript.
 */
OT_MUST_USE int ot_tree_json(struct ot_tree *tree, struct ot_span text, const char *file,
                             struct ot_error *err);
/* Reads TOML 1.0; a key given twice is an error. */
OT_MUST_USE int ot_tree_toml(struct ot_tree *tree, struct ot_span text, const char *file,
                             struct ot_error *err);
void ot_tree_free(struct ot_tree *tree);

/*
 * Reads the file `path`, TOML if its name ends so, else JSON; `shown` names it in messages. 1:
 * read; 0: there is no such file; -1: OT_FAILED.
 */
OT_MUST_USE int ot_tree_read(struct ot_tree *tree, const char *path, const char *shown,
                             struct ot_error *err);

/* The member `key` of an object; one shared null value for everything else, so look-ups chain. */
const struct ot_tree *ot_tree_get(const struct ot_tree *tree, const char *key);
/* A string's text; NULL for every other type. */
const char *ot_tree_text(const struct ot_tree *tree);

/*
 * For the two readers: an array's new last item (`key` NULL), or an object's member, a new
 * one unless it has that key already.
 */
struct ot_tree *ot_tree_add(struct ot_tree *tree, const char *key, bool *is_new);
/* `tree` becomes a value of this type. */
void ot_tree_set(struct ot_tree *tree, enum ot_tree_type type, struct ot_span text);
