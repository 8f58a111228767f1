#include "build/cells.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key;
    size_t offset; /* in struct ot_config */
} rows[] = {
    {"memoryMB", offsetof(struct ot_config, memory_mb)},
    {"min_replicas", offsetof(struct ot_config, min_replicas)},
    {"replicas", offsetof(struct ot_config, replicas)},
    {"ttl", offsetof(struct ot_config, ttl_s)},
    {"idleTimeout", offsetof(struct ot_config, idle_timeout_s)},
    {"maxConcurrency", offsetof(struct ot_config, max_concurrency)},
    {"recycle.maxRequests", offsetof(struct ot_config, max_requests)},
};

static const char *cell_of(const struct ot_function_source *source)
{
    return source->config.cell[0] != '\0' ? source->config.cell : source->name;
}

static uint64_t value_of(const struct ot_function_source *source, size_t row)
{
    uint64_t value;

    memcpy(&value, (const char *)&source->config + rows[row].offset, sizeof(value));
    return value;
}

static int compare_cells(const void *a, const void *b)
{
    const struct ot_function_source *const *left = a, *const *right = b;
    int order = strcmp(cell_of(*left), cell_of(*right));

    return order != 0 ? order : strcmp((*left)->name, (*right)->name);
}

/* `first`, of `count`, and those behind it in the same cell, agree about one key. */
static int check_row(struct ot_function_source *const *first, size_t count, size_t row,
                     const char *shown, struct ot_error *err)
{
    const struct ot_function_source *said = NULL;

    for (size_t i = 0; i < count && strcmp(cell_of(first[i]), cell_of(*first)) == 0; i++) {
        uint64_t value = value_of(first[i], row);

        if (value == OT_CONFIG_UNSET)
            continue;
        if (said != NULL && value_of(said, row) != value)
            return ot_fail(err, OT_FAILED,
                           "%s: %s and %s share the cell %s, but their %s differs (%" PRIu64
                           " and %" PRIu64 ")",
                           shown, said->name, first[i]->name, cell_of(*first), rows[row].key,
                           value_of(said, row), value);
        said = first[i];
    }
    return 0;
}

static int check_bounds(const struct ot_function_source *source, const char *shown,
                        struct ot_error *err)
{
    const struct ot_config *config = &source->config;

    if (config->replicas == OT_CONFIG_UNSET || config->min_replicas == OT_CONFIG_UNSET ||
        config->min_replicas <= config->replicas)
        return 0;
    return ot_fail(err, OT_FAILED,
                   "%s: %s keeps more processes (min_replicas %" PRIu64
                   ") than it may have (replicas %" PRIu64 ")",
                   shown, source->name, config->min_replicas, config->replicas);
}

int ot_cells_check(const struct ot_sources *sources, const char *shown, struct ot_error *err)
{
    OT_AUTOFREE struct ot_function_source **sorted = ot_alloc(sources->count + 1, sizeof(*sorted));

    for (size_t i = 0; i < sources->count; i++) {
        sorted[i] = &sources->items[i];
        if (check_bounds(sorted[i], shown, err) < 0)
            return -1;
    }
    qsort(sorted, sources->count, sizeof(struct ot_function_source *), compare_cells);
    for (size_t i = 0; i < sources->count; i++) {
        if (i > 0 && strcmp(cell_of(sorted[i - 1]), cell_of(sorted[i])) == 0)
            continue;
        for (size_t row = 0; row < OT_COUNT(rows); row++) {
            if (check_row(&sorted[i], sources->count - i, row, shown, err) < 0)
                return -1;
        }
    }
    return 0;
}
