/* Finding a running gateway by its control socket, and talking to it. */
#pragma once

#include "base/options.h"

/* For every command that does: which gateway. */
#define OT_CONTROL_OPTION(values_type, member)                                                     \
    {                                                                                              \
        .name = "control-socket", .value = "PATH",                                                 \
        .help = "the gateway's control socket (default: that of the only one that runs)",          \
        .type = OT_OPTION_STRING, .offset = offsetof(values_type, member)                          \
    }
#define OT_JSON_OPTION(values_type, member, text)                                                  \
    {                                                                                              \
        .name = "json", .help = (text), .type = OT_OPTION_FLAG,                                    \
        .offset = offsetof(values_type, member)                                                    \
    }

/* Start from OT_GATEWAY_LINK_INIT; OT_AUTOLINK closes at scope exit. */
struct ot_gateway_link {
    int fd;
    int process;         /* of pidfd_open(2): readable once the gateway has ended */
    struct ot_buf input; /* what was received; its first `taken` bytes were handed out */
    size_t taken;
};

#define OT_GATEWAY_LINK_INIT ((struct ot_gateway_link){.fd = -1, .process = -1})
#define OT_AUTOLINK OT_CLEANUP(ot_gateway_link_close)
void ot_gateway_link_close(struct ot_gateway_link *link);

/* Connects to the gateway at `path`; NULL: to the only one that runs for this user, or as a service
 * of the system. OT_FAILED says what to do when there is none, or several. */
OT_MUST_USE int ot_gateway_connect(const char *path, struct ot_gateway_link *link,
                                   struct ot_error *err);
/* Sends a request, without its newline. OT_FAILED. */
OT_MUST_USE int ot_gateway_ask(struct ot_gateway_link *link, const char *request,
                               struct ot_error *err);
/* The next line, without its newline, valid until the next call: 1, 0 the gateway has closed the
 * connection, -1 OT_FAILED: broken, longer than 16 MiB, or a refusal, whose text is the message. */
OT_MUST_USE int ot_gateway_line(struct ot_gateway_link *link, struct ot_span *line,
                                struct ot_error *err);
/* The same where the end is an error. */
OT_MUST_USE int ot_gateway_answer(struct ot_gateway_link *link, struct ot_span *line,
                                  struct ot_error *err);
