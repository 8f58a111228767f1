/*
 * The control socket of a running gateway: a Unix socket of mode 0600 on which its own user, or
 * root, asks for what ot_ops_request says, one JSON object a line, and is answered with JSON lines
 * (schemas/control.schema.json). A client's next request is looked at when the one before is
 * answered and the answer was read. Everything runs on the control thread.
 */
#pragma once

#include "gateway/events.h"
#include "gateway/ops_request.h"

#include <uv.h>

/* Clients at the same time; who comes after them is told and closed. */
#define OT_OPS_CLIENTS_MAX 64u

struct ot_ops;
struct ot_ops_client;

struct ot_ops_options {
    uv_loop_t *loop;
    const char *path; /* of the socket; only needed during the call */
    struct ot_events *events;
    /*
     * Answers with ot_ops_send and ot_ops_done, now or later; `request` is gone when it returns.
     * Events are not asked for here: this file tells them.
     */
    void (*asked)(void *context, struct ot_ops_client *client,
                  const struct ot_ops_request *request);
    /* A client that was not answered yet is gone. */
    void (*gone)(void *context, struct ot_ops_client *client);
    void *context;
};

/* Listens. The file of a gateway that is gone is replaced; anything else at `path` is left alone,
 * and a link there is never followed. OT_CONFIG. */
OT_MUST_USE int ot_ops_open(const struct ot_ops_options *options, struct ot_ops **out,
                            struct ot_error *err);
/* Closes all of it, and removes the file; what was sent and is not read by now may be lost. It is
 * freed once the loop has run on. NULL: nothing happens. */
void ot_ops_close(struct ot_ops *ops);

/* Sends one line, which must end with a newline; its bytes are moved out of `line`. */
void ot_ops_send(struct ot_ops_client *client, struct ot_buf *line);
/* {"error":"...","reason":"..."} */
void ot_ops_refuse(struct ot_ops_client *client, const char *reason, const char *format, ...)
    OT_PRINTF(3, 4);
/* The request is answered. */
void ot_ops_done(struct ot_ops_client *client);
