#include "cli/cli.h"
#include "cli/gateways.h"
#include "cli/processes.h"

#include <unistd.h>

#define LOOK_EVERY_US 100000

struct values {
    const char *socket;
    bool undo, no_wait;
};

static const struct ot_option options[] = {
    OT_CONTROL_OPTION(struct values, socket),
    {.name = "undo",
     .help = "call functions again",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, undo)},
    {.name = "no-wait",
     .help = "do not wait for the requests that are being answered",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, no_wait)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "drain",
    .operands = "",
    .summary = "let a running gateway finish its requests, and call no function any more",
    .description =
        "From now on a gateway (onetube serve) of this user answers requests for functions with "
        "503, the reason \"draining\" and Retry-After, and so does /health, so that a load "
        "balancer sends them elsewhere. What runs is finished, and engines end when they have "
        "nothing to do; this command waits for both. With --undo functions are called again; "
        "onetube stop ends the gateway.",
    .example = "  onetube drain && onetube stop\n  onetube drain --undo",
    .options = options,
    .options_size = sizeof(struct values),
};

static int ask(struct ot_gateway_link *link, const char *request, struct ot_span *line,
               struct ot_error *err)
{
    return ot_gateway_ask(link, request, err) < 0 ? -1 : ot_gateway_answer(link, line, err);
}

/* Until nothing runs any more. Someone may undo it meanwhile, and then there is nothing to wait
 * for. */
static int wait_until_idle(struct ot_gateway_link *link, struct ot_error *err)
{
    for (;;) {
        OT_AUTOPS struct ot_ps ps = {0};
        struct ot_span line;

        if (ask(link, "{\"command\":\"ps\"}", &line, err) < 0 || ot_ps_parse(line, &ps, err) < 0)
            return -1;
        if (ot_span_is(ot_span_of(ps.state), "serving"))
            return ot_fail(err, OT_FAILED, "the drain was undone before everything was finished");
        if (ps.in_flight == 0 && ot_ps_running(&ps) == 0)
            return 0;
        usleep(LOOK_EVERY_US);
    }
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    OT_AUTOLINK struct ot_gateway_link link = OT_GATEWAY_LINK_INIT;
    struct ot_span line;

    (void)parsed;
    if (values->undo && values->no_wait)
        return ot_fail(err, OT_USAGE, "--undo waits for nothing (--no-wait)");
    if (ot_gateway_connect(values->socket, &link, err) < 0 ||
        ask(&link,
            values->undo ? "{\"command\":\"drain\",\"undo\":true}" : "{\"command\":\"drain\"}",
            &line, err) < 0)
        return -1;
    return values->undo || values->no_wait ? 0 : wait_until_idle(&link, err);
}

const struct ot_cli_command ot_cli_drain = {.command = &command, .group = "Operate", .run = run};
