#include "cli/cli.h"
#include "cli/gateways.h"
#include "cli/processes.h"

#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_US 100000

struct values {
    const char *socket;
    bool all, no_wait;
};

static const struct ot_option options[] = {
    OT_CONTROL_OPTION(struct values, socket),
    {.name = "all",
     .help = "the engines of every function",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, all)},
    {.name = "no-wait",
     .help = "do not wait until the new ones have taken over",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, no_wait)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "restart",
    .operands = "[NAME]",
    .summary = "replace the engines of a function",
    .description =
        "Starts new engines for a function or cell of a gateway (onetube serve) of this user, or "
        "for all. Each takes over from the one that runs when it is ready, and that one finishes "
        "its requests: no request fails. One that failed too often, and is left alone, may start "
        "again. The payload is the same; SIGHUP to the gateway opens it anew.",
    .example = "  onetube restart hello\n  onetube restart --all",
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

/* The engines that are replaced. */
struct old {
    uint64_t *pids;
    size_t count;
};

static void free_old(struct old *old)
{
    free(old->pids);
}

static int read_pids(struct ot_json *json, struct old *out, struct ot_error *err)
{
    int more;

    if (ot_json_array(json, err) < 0)
        return -1;
    while ((more = ot_json_item(json, err)) > 0) {
        out->pids = ot_realloc(out->pids, out->count + 1, sizeof(*out->pids));
        if (ot_json_uint(json, UINT64_MAX, &out->pids[out->count++], err) < 0)
            return -1;
    }
    return more;
}

static int read_answer(struct ot_span line, struct old *out, struct ot_error *err)
{
    struct ot_json json;
    struct ot_span key;
    int more;

    ot_json_begin(&json, line, OT_JSON_UNIQUE);
    more = ot_json_object(&json, err) < 0 ? -1 : 1;
    while (more > 0 && (more = ot_json_key(&json, &key, err)) > 0) {
        if ((ot_span_is(key, "pids") ? read_pids(&json, out, err) : ot_json_skip(&json, err)) < 0)
            more = -1;
    }
    if (more == 0)
        more = ot_json_finish(&json, err);
    ot_json_end(&json);
    return more < 0 ? ot_error_prefix(err, "the gateway's answer") : 0;
}

static const struct ot_ps_cell *find(const struct ot_ps *ps, uint64_t pid)
{
    for (size_t i = 0; i < ps->cell_count; i++) {
        if (ps->cells[i].pid == pid)
            return &ps->cells[i];
    }
    return NULL;
}

/* Whether they run the same functions: "hello" and "hello.2". */
static bool are_replicas(const char *a, const char *b)
{
    size_t len = strcspn(a, ".");

    return len == strcspn(b, ".") && memcmp(a, b, len) == 0;
}

/* 1: it is still the one that is called; 0: another one took over; -1: none can. */
static int look_at(const struct ot_ps *ps, uint64_t pid, struct ot_error *err)
{
    const struct ot_ps_cell *cell = find(ps, pid);

    if (cell == NULL || strcmp(cell->state, "ready") != 0)
        return 0;
    for (size_t i = 0; i < ps->cell_count; i++) {
        if (strcmp(ps->cells[i].state, "backoff") == 0 &&
            are_replicas(ps->cells[i].name, cell->name))
            return ot_fail(err, OT_FAILED,
                           "%s: the new engine does not start, the old one is kept (see onetube "
                           "events)",
                           cell->name);
    }
    return 1;
}

static int wait_for_new(struct ot_gateway_link *link, const struct old *old, struct ot_error *err)
{
    for (;;) {
        OT_AUTOPS struct ot_ps ps = {0};
        struct ot_span line;
        int waits = 0;

        if (ot_gateway_ask(link, "{\"command\":\"ps\"}", err) < 0 ||
            ot_gateway_answer(link, &line, err) < 0 || ot_ps_parse(line, &ps, err) < 0)
            return -1;
        for (size_t i = 0; i < old->count && waits == 0; i++)
            waits = look_at(&ps, old->pids[i], err);
        if (waits <= 0)
            return waits;
        usleep(LOOK_EVERY_US);
    }
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    const char *name = parsed->operand_count == 1 ? parsed->operands[0] : NULL;
    OT_AUTOLINK struct ot_gateway_link link = OT_GATEWAY_LINK_INIT;
    OT_CLEANUP(free_old) struct old old = {0};
    OT_AUTOFREE char *request = NULL;
    struct ot_span line;

    if ((name != NULL) == values->all)
        return ot_fail(err, OT_USAGE, "needs one NAME, or --all");
    if (name != NULL && !ot_is_name(ot_span_of(name)))
        return ot_fail(err, OT_USAGE, "%s is not a function's name", name);
    request = name != NULL ? ot_asprintf("{\"command\":\"restart\",\"name\":\"%s\"}", name)
                           : ot_strdup("{\"command\":\"restart\"}");
    if (ot_gateway_connect(values->socket, &link, err) < 0 ||
        ot_gateway_ask(&link, request, err) < 0 || ot_gateway_answer(&link, &line, err) < 0 ||
        read_answer(line, &old, err) < 0)
        return -1;
    return values->no_wait ? 0 : wait_for_new(&link, &old, err);
}

const struct ot_cli_command ot_cli_restart = {.command = &command, .group = "Operate", .run = run};
