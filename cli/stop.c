#include "cli/cli.h"
#include "cli/gateways.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

struct values {
    const char *socket;
    uint64_t grace_ms;
};

static const struct ot_option options[] = {
    OT_CONTROL_OPTION(struct values, socket),
    {.name = "grace-ms",
     .value = "MS",
     .help = "how long requests may take to finish (default: the gateway's --drain-ms)",
     .type = OT_OPTION_UINT,
     .offset = offsetof(struct values, grace_ms),
     .max = INT32_MAX},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "stop",
    .operands = "",
    .summary = "stop a running gateway, and wait for its end",
    .description =
        "Stops a gateway (onetube serve) of this user as SIGTERM does: it accepts no more and lets "
        "requests finish. Exit status: 0 every request was answered, 1 some were cut off, or the "
        "gateway ended in another way.",
    .example = "  onetube stop --grace-ms 30000",
    .options = options,
    .options_size = sizeof(struct values),
};

static void defaults(void *pointer)
{
    struct values *values = pointer;

    values->grace_ms = UINT64_MAX;
}

/* The last line comes when nothing is served any more; the process is gone a moment later. */
static void wait_for_process(const struct ot_gateway_link *link)
{
    struct pollfd process = {link->process, POLLIN, 0};

    while (link->process >= 0 && poll(&process, 1, -1) < 0 && errno == EINTR)
        ;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    OT_AUTOLINK struct ot_gateway_link link = OT_GATEWAY_LINK_INIT;
    OT_AUTOBUF struct ot_buf request = {0};
    struct ot_span line;
    bool cut_off;

    (void)parsed;
    ot_buf_puts(&request, "{\"command\":\"stop\"");
    if (values->grace_ms != UINT64_MAX)
        ot_buf_printf(&request, ",\"graceMs\":%" PRIu64, values->grace_ms);
    ot_buf_putc(&request, '}');
    if (ot_gateway_connect(values->socket, &link, err) < 0 ||
        ot_gateway_ask(&link, request.data, err) < 0 || ot_gateway_answer(&link, &line, err) < 0 ||
        ot_gateway_answer(&link, &line, err) < 0)
        return -1;
    cut_off = !ot_span_is(line, "{\"type\":\"stopped\",\"cutOff\":false}");
    wait_for_process(&link);
    return cut_off ? ot_fail(err, OT_FAILED, "it stopped before every request was answered") : 0;
}

const struct ot_cli_command ot_cli_stop = {
    .command = &command, .group = "Operate", .defaults = defaults, .run = run};
