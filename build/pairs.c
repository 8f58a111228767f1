#include "build/pairs.h"

#include <stdlib.h>
#include <string.h>

void ot_pairs_free(struct ot_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].key);
        free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (struct ot_pairs){0};
}

/* Where the key is, or where it would go. */
static size_t find(const struct ot_pairs *pairs, const char *key)
{
    size_t low = 0, high = pairs->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(pairs->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct ot_pairs *pairs, size_t at, const char *key)
{
    return at < pairs->count && strcmp(pairs->items[at].key, key) == 0;
}

void ot_pairs_put(struct ot_pairs *pairs, const char *key, const char *value)
{
    size_t at = find(pairs, key);

    if (is_at(pairs, at, key)) {
        char *copy = ot_strdup(value);

        free(pairs->items[at].value);
        pairs->items[at].value = copy;
        return;
    }
    if (pairs->count == pairs->cap) {
        pairs->cap = pairs->cap > 0 ? 2 * pairs->cap : 8;
        pairs->items = ot_realloc(pairs->items, pairs->cap, sizeof(*pairs->items));
    }
    memmove(&pairs->items[at + 1], &pairs->items[at], (pairs->count - at) * sizeof(*pairs->items));
    pairs->items[at] = (struct ot_pair){ot_strdup(key), ot_strdup(value)};
    pairs->count++;
}

const char *ot_pairs_get(const struct ot_pairs *pairs, const char *key)
{
    size_t at = find(pairs, key);

    return is_at(pairs, at, key) ? pairs->items[at].value : NULL;
}
