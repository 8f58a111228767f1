#include "cli/processes.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void free_cell(struct ot_ps_cell *cell)
{
    free(cell->name);
    free(cell->state);
    free(cell->last_exit);
}

void ot_ps_free(struct ot_ps *ps)
{
    for (size_t i = 0; i < ps->cell_count; i++)
        free_cell(&ps->cells[i]);
    free(ps->cells);
    free(ps->state);
    free(ps->release);
    *ps = (struct ot_ps){0};
}

/* -- reading ----------------------------------------------------------------------------------- */

/* Members that are wanted: either `text` or `number`. */
struct member {
    const char *key;
    char **text;
    uint64_t *number;
};

static int read_text(struct ot_json *json, char **out, struct ot_error *err)
{
    struct ot_span text;

    if (ot_json_string(json, &text, err) < 0)
        return -1;
    free(*out);
    *out = ot_strndup(text.data, text.len);
    return 0;
}

/* null is 0. */
static int read_number(struct ot_json *json, uint64_t *out, struct ot_error *err)
{
    if (ot_json_peek(json, err) == 'n')
        return ot_json_skip(json, err);
    return ot_json_uint(json, UINT64_MAX, out, err);
}

static int read_object(struct ot_json *json, const struct member *members, struct ot_error *err)
{
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        const struct member *member = members;
        int done;

        while (member->key != NULL && !ot_span_is(key, member->key))
            member++;
        if (member->text != NULL)
            done = read_text(json, member->text, err);
        else if (member->number != NULL)
            done = read_number(json, member->number, err);
        else
            done = ot_json_skip(json, err);
        if (done < 0)
            return -1;
    }
    return more;
}

static int read_gateway(struct ot_json *json, struct ot_ps *out, struct ot_error *err)
{
    const struct member members[] = {
        {.key = "pid", .number = &out->pid},
        {.key = "state", .text = &out->state},
        {.key = "release", .text = &out->release},
        {.key = "generation", .number = &out->generation},
        {.key = "ageMs", .number = &out->age_ms},
        {.key = "requests", .number = &out->requests},
        {.key = "errors", .number = &out->errors},
        {.key = "openRequests", .number = &out->in_flight},
        {.key = "connections", .number = &out->connections},
        {.key = "cpuMs", .number = &out->cpu_ms},
        {.key = "residentBytes", .number = &out->resident_bytes},
        {.key = NULL},
    };

    return read_object(json, members, err);
}

static int read_start_times(struct ot_json *json, struct ot_ps *out, struct ot_error *err)
{
    int more;

    if (ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        struct ot_ps_starts starts = {0};
        const struct member members[] = {{.key = "atMostMs", .number = &starts.at_most_ms},
                                         {.key = "count", .number = &starts.count},
                                         {.key = NULL}};

        if (read_object(json, members, err) < 0)
            return -1;
        if (out->start_time_count < OT_PS_STARTS_MAX)
            out->start_times[out->start_time_count++] = starts;
    }
    return more;
}

static int read_pool_member(struct ot_json *json, struct ot_span key, struct ot_ps *out,
                            struct ot_error *err)
{
    const struct member members[] = {{.key = "hits", .number = &out->hits},
                                     {.key = "misses", .number = &out->misses},
                                     {.key = "queued", .number = &out->queued},
                                     {.key = "starts", .number = &out->starts},
                                     {.key = "evictions", .number = &out->evictions}};

    if (ot_span_is(key, "startTimes"))
        return read_start_times(json, out, err);
    for (size_t i = 0; i < OT_COUNT(members); i++) {
        if (ot_span_is(key, members[i].key))
            return read_number(json, members[i].number, err);
    }
    return ot_json_skip(json, err);
}

static int read_pool(struct ot_json *json, struct ot_ps *out, struct ot_error *err)
{
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        if (read_pool_member(json, key, out, err) < 0)
            return -1;
    }
    return more;
}

static int read_cell(struct ot_json *json, struct ot_ps_cell *out, struct ot_error *err)
{
    const struct member members[] = {
        {.key = "cell", .text = &out->name},
        {.key = "state", .text = &out->state},
        {.key = "lastExit", .text = &out->last_exit},
        {.key = "pid", .number = &out->pid},
        {.key = "requests", .number = &out->requests},
        {.key = "errors", .number = &out->errors},
        {.key = "openRequests", .number = &out->in_flight},
        {.key = "cpuMs", .number = &out->cpu_ms},
        {.key = "residentBytes", .number = &out->resident_bytes},
        {.key = "ageMs", .number = &out->age_ms},
        {.key = "starts", .number = &out->starts},
        {.key = NULL},
    };

    if (read_object(json, members, err) < 0)
        return -1;
    if (out->name == NULL || out->state == NULL || out->last_exit == NULL)
        return ot_fail(err, OT_FAILED, "a cell lacks its name, state or last exit");
    return 0;
}

static int read_cells(struct ot_json *json, struct ot_ps *out, struct ot_error *err)
{
    int more;

    if (ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        out->cells = ot_realloc(out->cells, out->cell_count + 1, sizeof(*out->cells));
        out->cells[out->cell_count] = (struct ot_ps_cell){0};
        if (read_cell(json, &out->cells[out->cell_count++], err) < 0)
            return -1;
    }
    return more;
}

static int read_answer(struct ot_json *json, struct ot_ps *out, struct ot_error *err)
{
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        int done;

        if (ot_span_is(key, "gateway"))
            done = read_gateway(json, out, err);
        else if (ot_span_is(key, "pool"))
            done = read_pool(json, out, err);
        else if (ot_span_is(key, "cells"))
            done = read_cells(json, out, err);
        else
            done = ot_json_skip(json, err);
        if (done < 0)
            return -1;
    }
    if (more == 0 && (out->state == NULL || out->release == NULL))
        return ot_fail(err, OT_FAILED, "it lacks the gateway");
    return more < 0 ? -1 : ot_json_finish(json, err);
}

int ot_ps_parse(struct ot_span line, struct ot_ps *out, struct ot_error *err)
{
    struct ot_json json;
    int done;

    *out = (struct ot_ps){0};
    ot_json_begin(&json, line, OT_JSON_UNIQUE);
    done = read_answer(&json, out, err);
    ot_json_end(&json);
    return done < 0 ? ot_error_prefix(err, "the gateway's answer") : 0;
}

size_t ot_ps_running(const struct ot_ps *ps)
{
    size_t count = 0;

    for (size_t i = 0; i < ps->cell_count; i++)
        count += ps->cells[i].pid > 0;
    return count;
}

/* -- showing ----------------------------------------------------------------------------------- */

void ot_ps_age(uint64_t ms, char out[24])
{
    static const struct {
        uint64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}};
    uint64_t seconds = ms / 1000;

    for (size_t i = 0; i < OT_COUNT(units); i++) {
        if (seconds >= units[i].seconds) {
            snprintf(out, 24, "%" PRIu64 "%c", seconds / units[i].seconds, units[i].unit);
            return;
        }
    }
    snprintf(out, 24, "%" PRIu64 "s", seconds);
}

/* Within how many milliseconds this part of all starts was ready; 0: not known. */
static uint64_t start_quantile(const struct ot_ps *ps, double part)
{
    uint64_t all = 0, sum = 0;

    for (size_t i = 0; i < ps->start_time_count; i++)
        all += ps->start_times[i].count;
    for (size_t i = 0; i < ps->start_time_count; i++) {
        sum += ps->start_times[i].count;
        if (all > 0 && (double)sum >= part * (double)all)
            return ps->start_times[i].at_most_ms;
    }
    return 0;
}

static void print_pool(FILE *out, const struct ot_ps *ps)
{
    uint64_t all = ps->hits + ps->misses, half = start_quantile(ps, 0.5);

    fprintf(out, "pool: %.1f%% of %" PRIu64 " requests found an engine at once, %" PRIu64 " wait; ",
            all > 0 ? 100.0 * (double)ps->hits / (double)all : 100.0, all, ps->queued);
    fprintf(out, "%" PRIu64 " starts", ps->starts);
    if (half > 0)
        fprintf(out, " (half within %" PRIu64 " ms)", half);
    fprintf(out, ", %" PRIu64 " evictions\n", ps->evictions);
}

void ot_ps_print_gateway(FILE *out, const struct ot_ps *ps)
{
    OT_AUTOTABLE struct ot_table words = {0};
    char age[24], size[16];

    ot_table_add_word(&words, ps->state);
    ot_table_add_word(&words, ps->release);
    ot_ps_age(ps->age_ms, age);
    ot_out_size(ps->resident_bytes, size);
    fprintf(out,
            "gateway %" PRIu64 ": %s, generation %" PRIu64 "%s%s, up %s, %" PRIu64
            " requests, %" PRIu64 " errors, %" PRIu64 " connections, %s\n",
            ps->pid, words.fields[0], ps->generation, *words.fields[1] != '\0' ? ", " : "",
            words.fields[1], age, ps->requests, ps->errors, ps->connections, size);
    if (ps->starts > 0)
        print_pool(out, ps);
    fputc('\n', out);
}

static void add_row(struct ot_table *table, const struct ot_ps_cell *cell)
{
    bool runs = cell->pid > 0;
    char age[24] = "-", size[16] = "-";

    if (runs) {
        ot_ps_age(cell->age_ms, age);
        ot_out_size(cell->resident_bytes, size);
    }
    ot_table_add_word(table, cell->name);
    ot_table_add(table, runs ? ot_asprintf("%" PRIu64, cell->pid) : ot_strdup("-"));
    ot_table_add_word(table, cell->state);
    ot_table_add(table, ot_asprintf("%" PRIu64, cell->requests));
    ot_table_add(table, ot_asprintf("%" PRIu64, cell->errors));
    ot_table_add(table, runs ? ot_asprintf("%" PRIu64 ".%02us", cell->cpu_ms / 1000,
                                           (unsigned)(cell->cpu_ms % 1000 / 10))
                             : ot_strdup("-"));
    ot_table_add(table, ot_strdup(size));
    ot_table_add(table, ot_strdup(age));
    ot_table_add_word(table, strcmp(cell->last_exit, "none") == 0 ? "-" : cell->last_exit);
}

void ot_ps_print(FILE *out, const struct ot_ps *ps, bool all)
{
    static const char *const titles[] = {"CELL", "PID",    "STATE", "REQUESTS", "ERRORS",
                                         "CPU",  "MEMORY", "AGE",   "LAST EXIT"};
    static const bool numbers[OT_COUNT(titles)] = {false, true, false, true, true,
                                                   true,  true, true,  false};
    OT_AUTOTABLE struct ot_table table = {.columns = OT_COUNT(titles), .numbers = numbers};
    size_t shown = 0;

    for (size_t i = 0; i < OT_COUNT(titles); i++)
        ot_table_add(&table, ot_strdup(titles[i]));
    for (size_t i = 0; i < ps->cell_count; i++) {
        if (!all && ps->cells[i].starts == 0)
            continue;
        add_row(&table, &ps->cells[i]);
        shown++;
    }
    ot_ps_print_gateway(out, ps);
    ot_table_print(out, &table, SIZE_MAX);
    if (shown < ps->cell_count)
        fprintf(out, "\n%zu more have not been called yet (--all shows them)\n",
                ps->cell_count - shown);
}
