#include "cli/cli.h"
#include "cli/gateways.h"

#include "base/json.h"
#include "base/process.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

struct values {
    const char *socket;
    bool json, follow;
    uint64_t last;
};

static const struct ot_option options[] = {
    OT_CONTROL_OPTION(struct values, socket),
    {.name = "last",
     .value = "N",
     .help = "how many of the past ones; default: all that the gateway has kept, at most 1024",
     .type = OT_OPTION_UINT,
     .offset = offsetof(struct values, last),
     .max = UINT32_MAX},
    {.name = "follow",
     .help = "go on with those that come, until the gateway ends",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, follow)},
    OT_JSON_OPTION(struct values, json, "print each as a line of JSON"),
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "events",
    .operands = "",
    .summary = "show what happened in a running gateway",
    .description =
        "Shows what a gateway (onetube serve) of this user has kept: engines that start, are ready "
        "and end (with the reason), swaps, drains and the stop. Who reads too slowly misses "
        "events, and is told how many.",
    .example = "  onetube events --last 20\n  onetube events --follow --json",
    .options = options,
    .options_size = sizeof(struct values),
};

static void defaults(void *pointer)
{
    struct values *values = pointer;

    values->last = UINT32_MAX;
}

/* The members of an event, as words for a line. */
struct event {
    char type[16], time[32], event[32], cell[65], reason[64], text[512];
    uint64_t pid, generation, start_ms, count;
};

static int read_member(struct ot_json *json, struct ot_span key, struct event *out,
                       struct ot_error *err)
{
    const struct {
        const char *key;
        char *text;
        size_t size;
        uint64_t *number;
    } rows[] = {
        {"type", out->type, sizeof(out->type), NULL},
        {"time", out->time, sizeof(out->time), NULL},
        {"event", out->event, sizeof(out->event), NULL},
        {"cell", out->cell, sizeof(out->cell), NULL},
        {"reason", out->reason, sizeof(out->reason), NULL},
        {"text", out->text, sizeof(out->text), NULL},
        {"pid", NULL, 0, &out->pid},
        {"generation", NULL, 0, &out->generation},
        {"startMs", NULL, 0, &out->start_ms},
        {"count", NULL, 0, &out->count},
    };
    struct ot_span text;

    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        if (!ot_span_is(key, rows[i].key))
            continue;
        if (rows[i].number != NULL)
            return ot_json_uint(json, UINT64_MAX, rows[i].number, err);
        if (ot_json_string(json, &text, err) < 0)
            return -1;
        ot_printable(rows[i].text, rows[i].size, text);
        return 0;
    }
    return ot_json_skip(json, err);
}

static int read_event(struct ot_span line, struct event *out, struct ot_error *err)
{
    struct ot_json json;
    struct ot_span key;
    int more;

    *out = (struct event){0};
    ot_json_begin(&json, line, OT_JSON_UNIQUE);
    more = ot_json_object(&json, err) < 0 ? -1 : 1;
    while (more > 0 && (more = ot_json_key(&json, &key, err)) > 0) {
        if (read_member(&json, key, out, err) < 0)
            more = -1;
    }
    if (more == 0)
        more = ot_json_finish(&json, err);
    ot_json_end(&json);
    return more < 0 ? ot_error_prefix(err, "the gateway's answer") : 0;
}

static void print_event(const struct event *event)
{
    if (strcmp(event->type, "lost") == 0) {
        printf("(%" PRIu64 " events were missed)\n", event->count);
        return;
    }
    printf("%s  %-11s", event->time, event->event);
    if (*event->cell != '\0')
        printf("  %s", event->cell);
    if (event->pid > 0)
        printf("  pid %" PRIu64, event->pid);
    if (strcmp(event->event, "ready") == 0)
        printf("  after %" PRIu64 " ms", event->start_ms);
    if (*event->cell == '\0' && event->generation > 0)
        printf("  generation %" PRIu64, event->generation);
    if (*event->reason != '\0')
        printf("  %s", event->reason);
    if (*event->text != '\0')
        printf("  (%s)", event->text);
    putchar('\n');
}

static int print_events(struct ot_gateway_link *link, const struct values *values,
                        struct ot_error *err)
{
    struct ot_span line;
    struct event event;
    int more;

    while ((more = ot_gateway_line(link, &line, err)) > 0) {
        if (read_event(line, &event, err) < 0)
            return -1;
        if (strcmp(event.type, "end") == 0)
            return 0;
        if (values->json)
            printf("%.*s\n", (int)line.len, line.data);
        else
            print_event(&event);
        /* each at once, for whoever follows through a pipe */
        if (values->follow && ot_flush_stdout(err) < 0)
            return -1;
    }
    if (more == 0 && !values->follow)
        return ot_fail(err, OT_FAILED, "the gateway ended before it answered");
    return more;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    OT_AUTOLINK struct ot_gateway_link link = OT_GATEWAY_LINK_INIT;
    OT_AUTOFREE char *request =
        ot_asprintf("{\"command\":\"events\",\"last\":%" PRIu64 ",\"follow\":%s}", values->last,
                    values->follow ? "true" : "false");

    (void)parsed;
    if (ot_gateway_connect(values->socket, &link, err) < 0 ||
        ot_gateway_ask(&link, request, err) < 0)
        return -1;
    return print_events(&link, values, err);
}

const struct ot_cli_command ot_cli_events = {
    .command = &command, .group = "Operate", .defaults = defaults, .run = run};
