/* What is said on the control socket: one JSON object a line (schemas/control.schema.json). Each of
 * these appends a line with its newline to `out`. */
#pragma once

#include "gateway/events.h"
#include "gateway/snapshot.h"

/* {"error":"...","reason":"..."}; `text` becomes readable UTF-8. */
void ot_ops_write_error(const char *text, const char *reason, struct ot_buf *out);

/* {"type":"event",...} */
void ot_ops_write_event(const struct ot_event *event, struct ot_buf *out);
/* {"type":"lost","count":N}: events that were forgotten before they could be told */
void ot_ops_write_lost(uint64_t count, struct ot_buf *out);
/* {"type":"end"}: behind the last event */
void ot_ops_write_end(struct ot_buf *out);

/* {"type":"stopping","graceMs":N}: requests have so long to finish */
void ot_ops_write_stopping(uint64_t grace_ms, struct ot_buf *out);
/* {"type":"stopped","cutOff":false}: the last line; whether requests were broken off */
void ot_ops_write_stopped(bool cut_off, struct ot_buf *out);

/* {"type":"draining","draining":true}: whether it drains from now on */
void ot_ops_write_draining(bool draining, struct ot_buf *out);

/* {"type":"restarting","pids":[N]}: the engines of these pools that others take the places of */
void ot_ops_write_restarting(struct ot_pool *const *pools, size_t count, struct ot_buf *out);

/* What /health does not tell of the gateway. */
struct ot_ops_gateway {
    const char *release;             /* what is served: "shop 1.4.0 sequence 7", "unsigned" */
    const char *state;               /* "serving", "draining", "stopping" */
    const struct ot_list *listening; /* "http://127.0.0.1:3100/functions/v1" */
};
/* {"type":"ps","gateway":{...},"pool":{...},"cells":[...]} */
void ot_ops_write_ps(const struct ot_snapshot *snapshot, const struct ot_ops_gateway *gateway,
                     struct ot_buf *out);
