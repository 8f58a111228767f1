#include "cli/cli.h"
#include "cli/gateways.h"
#include "cli/processes.h"

struct values {
    const char *socket;
    bool json, all;
};

static const struct ot_option options[] = {
    OT_CONTROL_OPTION(struct values, socket),
    {.name = "all",
     .help = "show also the cells that have not been started yet",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, all)},
    OT_JSON_OPTION(struct values, json, "print the gateway's answer, which has them all, as JSON"),
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "ps",
    .operands = "",
    .summary = "show the engines of a running gateway",
    .description =
        "Shows each cell of a gateway (onetube serve) of this user: its engine process, its state "
        "(idle, starting, ready, backoff, stopping, stopped), what it has answered since its "
        "generation began, what the process has used, and how the one before ended.",
    .example = "  onetube ps\n  onetube ps --json | jq '.cells[] | select(.state == \"backoff\")'",
    .options = options,
    .options_size = sizeof(struct values),
};

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    OT_AUTOLINK struct ot_gateway_link link = OT_GATEWAY_LINK_INIT;
    OT_AUTOPS struct ot_ps ps = {0};
    struct ot_span line;

    (void)parsed;
    if (ot_gateway_connect(values->socket, &link, err) < 0 ||
        ot_gateway_ask(&link, "{\"command\":\"ps\"}", err) < 0 ||
        ot_gateway_answer(&link, &line, err) < 0)
        return -1;
    if (values->json) {
        printf("%.*s\n", (int)line.len, line.data);
        return 0;
    }
    if (ot_ps_parse(line, &ps, err) < 0)
        return -1;
    ot_ps_print(stdout, &ps, values->all);
    return 0;
}

const struct ot_cli_command ot_cli_ps = {.command = &command, .group = "Operate", .run = run};
