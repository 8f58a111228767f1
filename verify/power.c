#include "verify/power.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ot_power_free(struct ot_power *power)
{
    for (size_t i = 0; i < power->count; i++) {
        free(power->items[i].before);
        free(power->items[i].after);
    }
    free(power->items);
    *power = (struct ot_power){0};
}

static void add(struct ot_power *power, const char *function, const char *what, const char *before,
                const char *after, enum ot_direction direction)
{
    if (power->count == power->cap) {
        power->cap = power->cap == 0 ? 16 : 2 * power->cap;
        power->items = ot_realloc(power->items, power->cap, sizeof(*power->items));
    }
    power->items[power->count++] =
        (struct ot_power_change){function, what, before == NULL ? NULL : ot_strdup(before),
                                 after == NULL ? NULL : ot_strdup(after), direction};
}

/* -- numbers, words and lists ------------------------------------------------------------------ */

/* What more of a number means. */
enum meaning { OTHERWISE, MORE_IS_MORE, RATE /* 0: without a limit */ };

static const struct {
    const char *what;
    size_t offset;
    enum meaning meaning;
} numbers[] = {
    {"timeoutMs", offsetof(struct ot_function_config, timeout_ms), MORE_IS_MORE},
    {"rpm", offsetof(struct ot_function_config, rpm), RATE},
    {"memoryMB", offsetof(struct ot_function_config, memory_mb), MORE_IS_MORE},
    {"cpuMs", offsetof(struct ot_function_config, cpu_ms), MORE_IS_MORE},
    {"min_replicas", offsetof(struct ot_function_config, min_replicas), MORE_IS_MORE},
    {"replicas", offsetof(struct ot_function_config, replicas), MORE_IS_MORE},
    {"ttl", offsetof(struct ot_function_config, ttl_s), OTHERWISE},
    {"idleTimeout", offsetof(struct ot_function_config, idle_timeout_s), OTHERWISE},
    {"maxConcurrency", offsetof(struct ot_function_config, max_concurrency), MORE_IS_MORE},
    {"recycle.maxRequests", offsetof(struct ot_function_config, max_requests), OTHERWISE},
    {"recycle.errorRateThousandths", offsetof(struct ot_function_config, error_rate_thousandths),
     OTHERWISE},
    {"recycle.errorWindow", offsetof(struct ot_function_config, error_window), OTHERWISE},
    {"recycle.cooldownMs", offsetof(struct ot_function_config, cooldown_ms), OTHERWISE},
};

static enum ot_direction direction_of(enum meaning meaning, uint64_t before, uint64_t after)
{
    if (meaning == OTHERWISE || before == OT_UNSET || after == OT_UNSET)
        return OT_POWER_OTHER;
    if (meaning == RATE && (before == 0 || after == 0))
        return after == 0 ? OT_POWER_MORE : OT_POWER_LESS;
    return after > before ? OT_POWER_MORE : OT_POWER_LESS;
}

static void compare_numbers(const char *function, const struct ot_function_config *before,
                            const struct ot_function_config *after, struct ot_power *out)
{
    for (size_t i = 0; i < OT_COUNT(numbers); i++) {
        uint64_t old, new;
        char old_text[24], new_text[24];

        memcpy(&old, (const char *)before + numbers[i].offset, sizeof(old));
        memcpy(&new, (const char *)after + numbers[i].offset, sizeof(new));
        if (old == new)
            continue;
        snprintf(old_text, sizeof(old_text), "%" PRIu64, old);
        snprintf(new_text, sizeof(new_text), "%" PRIu64, new);
        add(out, function, numbers[i].what, old == OT_UNSET ? NULL : old_text,
            new == OT_UNSET ? NULL : new_text, direction_of(numbers[i].meaning, old, new));
    }
}

/* What is only in one of two sorted lists. */
static void compare_lists(const char *function, const char *what, const struct ot_list *before,
                          const struct ot_list *after, struct ot_power *out)
{
    for (size_t i = 0, k = 0; i < before->count || k < after->count;) {
        int order = i == before->count  ? 1
                    : k == after->count ? -1
                                        : strcmp(before->items[i], after->items[k]);

        if (order < 0)
            add(out, function, what, before->items[i], NULL, OT_POWER_LESS);
        else if (order > 0)
            add(out, function, what, NULL, after->items[k], OT_POWER_MORE);
        i += order <= 0;
        k += order >= 0;
    }
}

static bool is_all(const struct ot_optional_list *list)
{
    return !list->given || (list->list.count == 1 && strcmp(list->list.items[0], "*") == 0);
}

/* Without a list everything is allowed that may be at all, as with "*". */
static void compare_permissions(const char *function, const char *what,
                                const struct ot_optional_list *before,
                                const struct ot_optional_list *after, struct ot_power *out)
{
    if (before->given && !after->given)
        add(out, function, what, "a list", "no list",
            is_all(before) ? OT_POWER_OTHER : OT_POWER_MORE);
    else if (!before->given && after->given)
        add(out, function, what, "no list", "a list",
            is_all(after) ? OT_POWER_OTHER : OT_POWER_LESS);
    if (before->given && after->given) {
        compare_lists(function, what, &before->list, &after->list, out);
        return;
    }
    for (size_t i = 0; i < before->list.count; i++)
        add(out, function, what, before->list.items[i], NULL, OT_POWER_OTHER);
    for (size_t i = 0; i < after->list.count; i++)
        add(out, function, what, NULL, after->list.items[i], OT_POWER_OTHER);
}

static void compare_words(const char *function, const char *what, const char *const *words,
                          unsigned before, unsigned after, struct ot_power *out)
{
    if (before != after)
        add(out, function, what, words[before], words[after], OT_POWER_OTHER);
}

static void compare_flags(const char *function, const char *what, bool before, bool after,
                          const char *no, const char *yes, bool yes_is_more, struct ot_power *out)
{
    if (before != after)
        add(out, function, what, before ? yes : no, after ? yes : no,
            !yes_is_more ? OT_POWER_OTHER
            : after      ? OT_POWER_MORE
                         : OT_POWER_LESS);
}

/* -- functions --------------------------------------------------------------------------------- */

static void compare_configs(const char *function, const struct ot_function_config *before,
                            const struct ot_function_config *after, struct ot_power *out)
{
    static const char *const rates[] = {NULL, "identity", "ip", "global"};
    static const char *const preflights[] = {NULL, "gateway", "function"};

    compare_flags(function, "public", before->is_public, after->is_public, "closed", "public", true,
                  out);
    compare_flags(function, "context", before->isolate, after->isolate, "request", "isolate", false,
                  out);
    compare_numbers(function, before, after, out);
    compare_words(function, "rateLimitBy", rates, before->rate_limit_by, after->rate_limit_by, out);
    compare_words(function, "preflight", preflights, before->preflight, after->preflight, out);
    compare_flags(function, "warm", before->warm, after->warm, "no", "yes", false, out);
    if (strcmp(before->cell, after->cell) != 0)
        add(out, function, "cell", before->cell[0] != '\0' ? before->cell : NULL,
            after->cell[0] != '\0' ? after->cell : NULL, OT_POWER_OTHER);
    compare_permissions(function, "permissions.net", &before->net, &after->net, out);
    compare_permissions(function, "permissions.env", &before->env, &after->env, out);
    compare_permissions(function, "permissions.read", &before->read, &after->read, out);
    compare_permissions(function, "permissions.write", &before->write, &after->write, out);
}

/* It is there, and who may call it. */
static const char *access_of(const struct ot_function *function)
{
    return function->config.is_public ? "public" : "closed";
}

static void compare_functions(const struct ot_manifest *before, const struct ot_manifest *after,
                              struct ot_power *out)
{
    for (size_t i = 0, k = 0; i < before->function_count || k < after->function_count;) {
        const struct ot_function *old = i < before->function_count ? &before->functions[i] : NULL;
        const struct ot_function *new = k < after->function_count ? &after->functions[k] : NULL;
        int order = old == NULL ? 1 : new == NULL ? -1 : strcmp(old->name, new->name);

        if (order < 0)
            add(out, old->name, "function", access_of(old), NULL, OT_POWER_LESS);
        else if (order > 0)
            add(out, new->name, "function", NULL, access_of(new), OT_POWER_MORE);
        else
            compare_configs(new->name, &old->config, &new->config, out);
        i += order <= 0;
        k += order >= 0;
    }
}

/* The order of flags is the manifest's own, so they are looked for. */
static void compare_engine_flags(const struct ot_manifest *before, const struct ot_manifest *after,
                                 struct ot_power *out)
{
    const struct ot_list *old = &before->compatibility_flags, *new = &after->compatibility_flags;
    size_t first = out->count;

    for (size_t i = 0; i < old->count; i++) {
        if (!ot_list_has(new, old->items[i]))
            add(out, NULL, "compatibilityFlag", old->items[i], NULL, OT_POWER_OTHER);
    }
    for (size_t i = 0; i < new->count; i++) {
        if (!ot_list_has(old, new->items[i]))
            add(out, NULL, "compatibilityFlag", NULL, new->items[i], OT_POWER_OTHER);
    }
    for (size_t i = 0; first == out->count && i < new->count; i++) {
        if (strcmp(old->items[i], new->items[i]) != 0)
            add(out, NULL, "compatibilityFlag", old->items[i], new->items[i], OT_POWER_OTHER);
    }
}

/* "x86_64, b6aff9...", or NULL. */
static char *tell_program(const struct ot_manifest *manifest)
{
    char digest[OT_SHA256_HEX];

    if (manifest->engine == NULL)
        return NULL;
    ot_hex(digest, manifest->engine->sha256, sizeof(manifest->engine->sha256));
    return ot_asprintf("%s, %s", manifest->architecture, digest);
}

static void compare_programs(const struct ot_manifest *before, const struct ot_manifest *after,
                             struct ot_power *out)
{
    OT_AUTOFREE char *old = tell_program(before);
    OT_AUTOFREE char *new = tell_program(after);

    if (old == NULL ? new != NULL : new == NULL || strcmp(old, new) != 0)
        add(out, NULL, "engine", old, new, OT_POWER_OTHER);
}

void ot_power_compare(const struct ot_manifest *before, const struct ot_manifest *after,
                      struct ot_power *out)
{
    if (strcmp(before->compatibility_date, after->compatibility_date) != 0)
        add(out, NULL, "compatibilityDate", before->compatibility_date, after->compatibility_date,
            OT_POWER_OTHER);
    compare_engine_flags(before, after, out);
    compare_programs(before, after, out);
    compare_lists(NULL, "env", &before->env, &after->env, out);
    compare_functions(before, after, out);
}

bool ot_power_is_growth(const struct ot_power_change *change)
{
    /* what is no more and no less, but not nothing */
    static const char *const unclear[] = {"compatibilityDate",
                                          "compatibilityFlag",
                                          "engine",
                                          "context",
                                          "timeoutMs",
                                          "rpm",
                                          "rateLimitBy",
                                          "preflight",
                                          "memoryMB",
                                          "cpuMs",
                                          "min_replicas",
                                          "replicas",
                                          "maxConcurrency",
                                          "cell",
                                          NULL};

    return change->direction == OT_POWER_MORE ||
           (change->direction == OT_POWER_OTHER &&
            ot_span_is_one_of(ot_span_of(change->what), unclear));
}

static void compare_texts(const char *what, const char *before, const char *after,
                          struct ot_power *out)
{
    if (strcmp(before, after) != 0)
        add(out, NULL, what, before, after, OT_POWER_OTHER);
}

void ot_power_compare_builders(const struct ot_manifest *before, const struct ot_manifest *after,
                               struct ot_power *out)
{
    compare_texts("onetube", before->builder_onetube, after->builder_onetube, out);
    compare_texts("esbuild", before->builder_esbuild, after->builder_esbuild, out);
    compare_flags(NULL, "minify", before->minify, after->minify, "no", "yes", false, out);
    compare_texts("sourcemap", before->sourcemap, after->sourcemap, out);
    compare_texts("target", before->target, after->target, out);
    compare_flags(NULL, "splitting", before->splitting, after->splitting, "no", "yes", false, out);
}
