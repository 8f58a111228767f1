#include "engine/control.h"

#include "base/json.h"

#include <string.h>

static int read_member(struct ot_json *json, struct ot_span key, struct ot_control_event *event,
                       struct ot_error *err)
{
    struct ot_span text;

    if (ot_span_is(key, "port"))
        return ot_json_uint(json, UINT16_MAX, &event->port, err);
    if (ot_span_is(key, "event")) {
        if (ot_json_string(json, &text, err) < 0)
            return -1;
        event->listening = ot_span_is(text, "listen");
        return 0;
    }
    if (ot_span_is(key, "socket")) {
        if (ot_json_string(json, &text, err) < 0)
            return -1;
        if (text.len >= sizeof(event->socket))
            return ot_json_fail(json, err, "a socket name of %zu bytes", text.len);
        memcpy(event->socket, text.data, text.len);
        event->socket[text.len] = '\0';
        return 0;
    }
    return ot_json_skip(json, err); /* a newer engine may say more */
}

static int read_event(struct ot_json *json, struct ot_control_event *event, struct ot_error *err)
{
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        if (read_member(json, key, event, err) < 0)
            return -1;
    }
    return more < 0 ? -1 : ot_json_finish(json, err);
}

int ot_control_parse(struct ot_span line, struct ot_control_event *event, struct ot_error *err)
{
    struct ot_json json;
    int result;

    *event = (struct ot_control_event){0};
    ot_json_begin(&json, line, 0);
    result = read_event(&json, event, err);
    ot_json_end(&json);
    if (result < 0) {
        err->kind = OT_TOOL;
        ot_error_prefix(err, "the engine's control message");
    }
    return result;
}
