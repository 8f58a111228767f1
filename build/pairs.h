/* A small map of texts, sorted by key bytewise. */
#pragma once

#include "base/buf.h"

struct ot_pair {
    char *key;
    char *value;
};

/* Start from `{0}`. */
struct ot_pairs {
    struct ot_pair *items; /* owned */
    size_t count, cap;
};

#define OT_AUTOPAIRS OT_CLEANUP(ot_pairs_free)

void ot_pairs_free(struct ot_pairs *pairs);
/* Copies both; what the key had before is replaced. */
void ot_pairs_put(struct ot_pairs *pairs, const char *key, const char *value);
/* The value of the key, or NULL. */
const char *ot_pairs_get(const struct ot_pairs *pairs, const char *key);
