#include "gateway/control.h"

/* Renewed certificates are found in time, and keys of session tickets do not grow old. */
#define RELOAD_EVERY_MS (6u * 3600 * 1000)

static void tell_warnings(const struct ot_control *control, const struct ot_list *warnings)
{
    for (size_t i = 0; i < warnings->count; i++)
        ot_control_say(control, OT_LEVEL_WARNING, "TLS: %s", warnings->items[i]);
}

void ot_certificate_reload(struct ot_control *control)
{
    OT_AUTOLIST struct ot_list warnings = {0};
    struct ot_error err;

    if (control->tls == NULL)
        return;
    if (ot_tls_reload(control->tls, &warnings, &err) < 0)
        ot_control_say(control, OT_LEVEL_ERROR, "TLS: the certificate stays as it was: %s",
                       err.message);
    tell_warnings(control, &warnings);
}

static void on_timer(uv_timer_t *timer)
{
    ot_certificate_reload(timer->data);
}

int ot_certificate_open(struct ot_control *control, struct ot_error *err)
{
    const struct ot_gateway_options *options = control->options;
    OT_AUTOLIST struct ot_list warnings = {0};

    if (options->tls_cert == NULL)
        return 0;
    if (ot_tls_open(options->tls_cert, options->tls_key, &control->tls, &warnings, err) < 0)
        return ot_error_prefix(err, "TLS");
    tell_warnings(control, &warnings);
    return 0;
}

void ot_certificate_watch(struct ot_control *control)
{
    if (control->tls == NULL)
        return;
    uv_timer_init(&control->loop, &control->tls_timer);
    control->tls_timer.data = control;
    uv_timer_start(&control->tls_timer, on_timer, RELOAD_EVERY_MS, RELOAD_EVERY_MS);
}

void ot_certificate_close(struct ot_control *control)
{
    if (control->tls != NULL)
        uv_close((uv_handle_t *)&control->tls_timer, NULL);
}
