/* What operators ask for on the control socket, and what is done about it. */
#include "gateway/control.h"

#include "gateway/ops_answer.h"
#include "gateway/ops_path.h"
#include "gateway/snapshot.h"

#include <inttypes.h>
#include <string.h>

static const char *state_name(const struct ot_control *control)
{
    if (control->phase >= OT_PHASE_STOPPING)
        return "stopping";
    return control->endpoints.draining ? "draining" : "serving";
}

static void answer_ps(struct ot_control *control, struct ot_ops_client *client)
{
    const struct ot_ops_gateway gateway = {.release = ot_control_release(control),
                                           .state = state_name(control),
                                           .listening = &control->operating.listening};
    OT_AUTOSNAPSHOT struct ot_snapshot snapshot;
    OT_AUTOBUF struct ot_buf line = {0};

    ot_snapshot_take(&control->endpoints, &snapshot);
    ot_ops_write_ps(&snapshot, &gateway, &line);
    ot_ops_send(client, &line);
    ot_ops_done(client);
}

static void answer_stop(struct ot_control *control, struct ot_ops_client *client,
                        const struct ot_ops_request *request)
{
    struct ot_operating *operating = &control->operating;
    uint64_t grace = request->grace_ms != OT_OPS_NO_GRACE ? request->grace_ms
                                                          : control->options->settings->drain_ms;
    OT_AUTOBUF struct ot_buf line = {0};

    ot_ops_write_stopping(grace, &line);
    ot_ops_send(client, &line);
    operating->stoppers[operating->stopper_count++] = client;
    ot_stop_within(control, grace);
}

/* What comes after is refused by the workers; what runs is finished, and then its engine ends. */
static void answer_drain(struct ot_control *control, struct ot_ops_client *client,
                         const struct ot_ops_request *request)
{
    bool draining = !request->undo;
    OT_AUTOBUF struct ot_buf line = {0};

    if (atomic_exchange(&control->endpoints.draining, draining) != draining) {
        ot_control_tell(control, draining ? OT_EVENT_DRAIN : OT_EVENT_UNDRAIN, NULL);
        ot_control_say(control, OT_LEVEL_INFO,
                       draining ? "draining; functions are not called until that is undone"
                                : "not draining any more");
        ot_generation_drain(control->endpoints.current, draining);
    }
    ot_ops_write_draining(draining, &line);
    ot_ops_send(client, &line);
    ot_ops_done(client);
}

/* The pool of this name, or that of the function of this name; NULL: there is none. */
static struct ot_pool *find_pool(const struct ot_generation *generation, const char *name)
{
    const struct ot_served_function *function = ot_generation_find(generation, ot_span_of(name));
    struct ot_pool *const *pools;
    size_t count = ot_generation_pools(generation, &pools);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(ot_pool_name(pools[i]), name) == 0)
            return pools[i];
    }
    return function != NULL ? function->pool : NULL;
}

static void answer_restart(struct ot_control *control, struct ot_ops_client *client,
                           const struct ot_ops_request *request)
{
    struct ot_pool *const *pools, *one;
    size_t count = ot_generation_pools(control->endpoints.current, &pools);
    OT_AUTOBUF struct ot_buf line = {0};

    if (*request->name != '\0') {
        one = find_pool(control->endpoints.current, request->name);
        pools = &one;
        count = one != NULL;
    }
    if (*request->name != '\0' && count == 0) {
        ot_ops_refuse(client, "not_found", "no function or cell has the name %s", request->name);
    } else {
        ot_ops_write_restarting(pools, count, &line); /* before they are others */
        for (size_t i = 0; i < count; i++)
            ot_pool_restart(pools[i]);
        ot_ops_send(client, &line);
    }
    ot_ops_done(client);
}

static void on_asked(void *context, struct ot_ops_client *client,
                     const struct ot_ops_request *request)
{
    struct ot_control *control = context;

    if (control->endpoints.current == NULL) {
        ot_ops_refuse(client, "stopping", "the gateway is about to end");
        ot_ops_done(client);
    } else if (request->command == OT_OPS_PS) {
        answer_ps(control, client);
    } else if (request->command == OT_OPS_STOP) {
        answer_stop(control, client, request);
    } else if (request->command == OT_OPS_RESTART) {
        answer_restart(control, client, request);
    } else {
        answer_drain(control, client, request);
    }
}

static void on_gone(void *context, struct ot_ops_client *client)
{
    struct ot_control *control = context;
    struct ot_operating *operating = &control->operating;

    for (size_t i = 0; i < operating->stopper_count; i++) {
        if (operating->stoppers[i] == client)
            operating->stoppers[i--] = operating->stoppers[--operating->stopper_count];
    }
}

/* -- begin and end ----------------------------------------------------------------------------- */

static void describe_listening(struct ot_control *control)
{
    for (size_t i = 0; i < control->listening.count; i++) {
        bool tls = control->listening.tls[i] && control->tls != NULL;
        OT_AUTOBUF struct ot_buf where = {0};

        ot_listen_describe(&control->listening.items[i], tls ? "https" : "http",
                           control->options->settings->prefix, &where);
        ot_list_add_span(&control->operating.listening, ot_buf_span(&where));
    }
}

/* The port that names the default socket: the first TCP port; 0: none. */
static unsigned first_port(const struct ot_control *control)
{
    unsigned port = 0;

    for (size_t i = 0; i < control->listening.count && port == 0; i++)
        port = ot_listen_port(&control->listening.items[i]);
    return port;
}

int ot_operating_open(struct ot_control *control, struct ot_error *err)
{
    const char *wanted = control->options->control_socket;
    OT_AUTOFREE char *found = NULL;
    struct ot_ops_options options = {.loop = &control->loop,
                                     .path = wanted,
                                     .events = control->events,
                                     .asked = on_asked,
                                     .gone = on_gone,
                                     .context = control};
    struct ot_error unmade;
    int made;

    if (wanted != NULL && strcmp(wanted, OT_OPS_NONE) == 0)
        return 0;
    describe_listening(control);
    if (wanted != NULL)
        return ot_ops_open(&options, &control->operating.ops, err);
    made = ot_ops_default_path(first_port(control), &found, &unmade);
    options.path = found;
    if (made == 0 && found != NULL)
        made = ot_ops_open(&options, &control->operating.ops, &unmade);
    if (made < 0)
        ot_control_say(control, OT_LEVEL_WARNING, "no control socket: %s", unmade.message);
    return 0;
}

void ot_operating_close(struct ot_control *control)
{
    struct ot_operating *operating = &control->operating;

    for (size_t i = 0; i < operating->stopper_count; i++) {
        OT_AUTOBUF struct ot_buf line = {0};

        ot_ops_write_stopped(control->cut_off, &line);
        ot_ops_send(operating->stoppers[i], &line);
    }
    ot_ops_close(OT_STEAL(operating->ops));
    ot_list_free(&operating->listening);
}
