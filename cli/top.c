#include "cli/cli.h"
#include "cli/gateways.h"
#include "cli/output.h"
#include "cli/processes.h"
#include "cli/table.h"

#include "base/process.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* The cursor goes to the first line, and everything below it is erased (ECMA-48). */
#define CLEAR "\033[H\033[J"
/* Lines above the rows: gateway, pool, an empty one, titles; and one below. */
#define OTHER_LINES 5u
#define SHORTEST 3u
#define INTERVAL_MIN_MS 100u
#define INTERVAL_MAX_MS 3600000u

struct values {
    const char *socket;
    uint64_t interval_ms;
    bool json;
};

static const struct ot_option options[] = {
    OT_CONTROL_OPTION(struct values, socket),
    {.name = "interval-ms",
     .value = "MS",
     .help = "how far apart the looks are (default 2000)",
     .type = OT_OPTION_UINT,
     .offset = offsetof(struct values, interval_ms),
     .max = INTERVAL_MAX_MS},
    OT_JSON_OPTION(struct values, json, "print the gateway's answer once, as onetube ps --json"),
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "top",
    .operands = "",
    .summary = "watch the engines of a running gateway",
    .description =
        "Shows the engines of a gateway (onetube serve) of this user that run, the busiest first: "
        "requests and errors a second, requests that are not answered yet, CPU in percent of one "
        "core, memory. On a terminal again and again, until it is interrupted or the gateway ends; "
        "else once.",
    .example = "  onetube top --interval-ms 500",
    .options = options,
    .options_size = sizeof(struct values),
};

static void defaults(void *pointer)
{
    struct values *values = pointer;

    values->interval_ms = 2000;
}

struct look {
    struct ot_ps ps;
    double seconds; /* of the monotonic clock */
};

static void free_look(struct look *look)
{
    ot_ps_free(&look->ps);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int look(struct ot_gateway_link *link, struct look *out, struct ot_error *err)
{
    struct ot_span line;

    if (ot_gateway_ask(link, "{\"command\":\"ps\"}", err) < 0 ||
        ot_gateway_answer(link, &line, err) < 0)
        return -1;
    out->seconds = now();
    return ot_ps_parse(line, &out->ps, err);
}

/* -- rates ------------------------------------------------------------------------------------- */

struct rates {
    const struct ot_ps_cell *cell;
    double requests, errors, cpu; /* a second */
};

/* Counters begin anew with each generation, and CPU time with each process. */
static double rate(uint64_t before, uint64_t after, double seconds)
{
    return after >= before && seconds > 0 ? (double)(after - before) / seconds : 0;
}

static struct rates rates_of(const struct look *before, const struct look *after,
                             const struct ot_ps_cell *cell)
{
    double seconds = after->seconds - before->seconds;

    for (size_t i = 0; i < before->ps.cell_count; i++) {
        const struct ot_ps_cell *old = &before->ps.cells[i];

        if (strcmp(old->name, cell->name) == 0)
            return (struct rates){
                .cell = cell,
                .requests = rate(old->requests, cell->requests, seconds),
                .errors = rate(old->errors, cell->errors, seconds),
                .cpu = rate(old->pid == cell->pid ? old->cpu_ms : 0, cell->cpu_ms, seconds) / 1000,
            };
    }
    return (struct rates){.cell = cell};
}

static int compare(const void *a, const void *b)
{
    const struct rates *left = a, *right = b;

    if (left->cpu != right->cpu)
        return left->cpu < right->cpu ? 1 : -1;
    if (left->requests != right->requests)
        return left->requests < right->requests ? 1 : -1;
    return strcmp(left->cell->name, right->cell->name);
}

/* -- showing ----------------------------------------------------------------------------------- */

static void add_row(struct ot_table *table, const struct rates *rates)
{
    const struct ot_ps_cell *cell = rates->cell;
    char age[24], size[16];

    ot_ps_age(cell->age_ms, age);
    ot_out_size(cell->resident_bytes, size);
    ot_table_add_word(table, cell->name);
    ot_table_add(table, ot_asprintf("%" PRIu64, cell->pid));
    ot_table_add_word(table, cell->state);
    ot_table_add(table, ot_asprintf("%.1f", rates->requests));
    ot_table_add(table, ot_asprintf("%.1f", rates->errors));
    ot_table_add(table, ot_asprintf("%" PRIu64, cell->in_flight));
    ot_table_add(table, ot_asprintf("%.1f", rates->cpu * 100));
    ot_table_add(table, ot_strdup(size));
    ot_table_add(table, ot_strdup(age));
}

static void show(const struct look *before, const struct look *after, size_t rows)
{
    static const char *const titles[] = {"CELL", "PID",  "STATE",  "REQ/S", "ERR/S",
                                         "OPEN", "CPU%", "MEMORY", "AGE"};
    static const bool numbers[OT_COUNT(titles)] = {false, true, false, true, true,
                                                   true,  true, true,  true};
    OT_AUTOTABLE struct ot_table table = {.columns = OT_COUNT(titles), .numbers = numbers};
    OT_AUTOFREE struct rates *rates = ot_alloc(after->ps.cell_count + 1, sizeof(*rates));
    size_t count = 0;

    for (size_t i = 0; i < after->ps.cell_count; i++) {
        if (after->ps.cells[i].pid > 0)
            rates[count++] = rates_of(before, after, &after->ps.cells[i]);
    }
    qsort(rates, count, sizeof(*rates), compare);
    for (size_t i = 0; i < OT_COUNT(titles); i++)
        ot_table_add(&table, ot_strdup(titles[i]));
    for (size_t i = 0; i < count; i++)
        add_row(&table, &rates[i]);
    ot_ps_print_gateway(stdout, &after->ps);
    ot_table_print(stdout, &table, rows);
}

/* So many rows fit. */
static size_t rows_of_terminal(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < OTHER_LINES + SHORTEST)
        return SIZE_MAX;
    return size.ws_row - OTHER_LINES + 1;
}

static int watch(struct ot_gateway_link *link, uint64_t interval_ms, struct ot_error *err)
{
    bool live = isatty(STDOUT_FILENO) != 0;
    OT_CLEANUP(free_look) struct look before = {0};

    if (look(link, &before, err) < 0)
        return -1;
    do {
        struct look after = {0};

        usleep((useconds_t)(interval_ms * 1000));
        if (look(link, &after, err) < 0) {
            free_look(&after);
            return -1;
        }
        if (live)
            fputs(CLEAR, stdout);
        show(&before, &after, live ? rows_of_terminal() : SIZE_MAX);
        free_look(&before);
        before = after;
        if (ot_flush_stdout(err) < 0)
            return -1;
    } while (live);
    return 0;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    OT_AUTOLINK struct ot_gateway_link link = OT_GATEWAY_LINK_INIT;
    struct ot_span line;

    (void)parsed;
    if (values->interval_ms < INTERVAL_MIN_MS)
        return ot_fail(err, OT_USAGE, "--interval-ms is at least %u", INTERVAL_MIN_MS);
    if (ot_gateway_connect(values->socket, &link, err) < 0)
        return -1;
    if (!values->json)
        return watch(&link, values->interval_ms, err);
    if (ot_gateway_ask(&link, "{\"command\":\"ps\"}", err) < 0 ||
        ot_gateway_answer(&link, &line, err) < 0)
        return -1;
    printf("%.*s\n", (int)line.len, line.data);
    return 0;
}

const struct ot_cli_command ot_cli_top = {
    .command = &command, .group = "Operate", .defaults = defaults, .run = run};
