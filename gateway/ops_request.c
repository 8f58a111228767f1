#include "gateway/ops_request.h"

#include "base/json.h"
#include "base/text.h"

#include <string.h>

enum member { COMMAND, LAST, FOLLOW, UNDO, NAME, GRACE_MS, MEMBERS };

static const char *const member_names[MEMBERS] = {
    "command", "last", "follow", "undo", "name", "graceMs",
};

static const struct {
    const char *name;
    unsigned members; /* that it may have besides its name */
} commands[] = {
    [OT_OPS_PS] = {"ps", 0},
    [OT_OPS_EVENTS] = {"events", 1u << LAST | 1u << FOLLOW},
    [OT_OPS_DRAIN] = {"drain", 1u << UNDO},
    [OT_OPS_RESTART] = {"restart", 1u << NAME},
    [OT_OPS_STOP] = {"stop", 1u << GRACE_MS},
};

static int read_command(struct ot_json *json, struct ot_ops_request *out, struct ot_error *err)
{
    struct ot_span name;

    if (ot_json_string(json, &name, err) < 0)
        return -1;
    for (size_t i = 0; i < OT_COUNT(commands); i++) {
        if (ot_span_is(name, commands[i].name)) {
            out->command = (enum ot_ops_command)i;
            return 0;
        }
    }
    return ot_json_fail(json, err, "no such command (ps, events, drain, restart, stop)");
}

static int read_name(struct ot_json *json, struct ot_ops_request *out, struct ot_error *err)
{
    struct ot_span name;

    if (ot_json_string(json, &name, err) < 0)
        return -1;
    if (name.len == 0 || name.len > OT_OPS_NAME_MAX)
        return ot_json_fail(json, err, "a name has 1 to 63 bytes");
    memcpy(out->name, name.data, name.len);
    return 0;
}

static int read_member(struct ot_json *json, enum member member, struct ot_ops_request *out,
                       struct ot_error *err)
{
    switch (member) {
    case COMMAND:
        return read_command(json, out, err);
    case LAST:
        return ot_json_uint(json, UINT32_MAX, &out->last, err);
    case FOLLOW:
        return ot_json_bool(json, &out->follow, err);
    case UNDO:
        return ot_json_bool(json, &out->undo, err);
    case NAME:
        return read_name(json, out, err);
    default:
        return ot_json_uint(json, INT32_MAX, &out->grace_ms, err);
    }
}

static enum member find_member(struct ot_span key)
{
    unsigned member = 0;

    while (member < MEMBERS && !ot_span_is(key, member_names[member]))
        member++;
    return (enum member)member;
}

static int read_members(struct ot_json *json, struct ot_ops_request *out, unsigned *seen,
                        struct ot_error *err)
{
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        enum member member = find_member(key);

        if (member == MEMBERS)
            return ot_json_fail(json, err, "no such member");
        *seen |= 1u << member;
        if (read_member(json, member, out, err) < 0)
            return -1;
    }
    return more < 0 ? -1 : ot_json_finish(json, err);
}

static int check(const struct ot_ops_request *request, unsigned seen, struct ot_error *err)
{
    if ((seen & 1u << COMMAND) == 0)
        return ot_fail(err, OT_FAILED, "\"command\" is missing");
    seen &= ~(1u << COMMAND) & ~commands[request->command].members;
    for (unsigned member = 0; member < MEMBERS; member++) {
        if ((seen & 1u << member) != 0)
            return ot_fail(err, OT_FAILED, "\"%s\" is no member of the command \"%s\"",
                           member_names[member], commands[request->command].name);
    }
    return 0;
}

int ot_ops_request_parse(struct ot_span line, struct ot_ops_request *out, struct ot_error *err)
{
    struct ot_json json;
    unsigned seen = 0;
    int done;

    *out = (struct ot_ops_request){.last = UINT64_MAX, .grace_ms = OT_OPS_NO_GRACE};
    ot_json_begin(&json, line, OT_JSON_UNIQUE);
    done = read_members(&json, out, &seen, err);
    ot_json_end(&json);
    return done < 0 ? -1 : check(out, seen, err);
}
