/* Lines of the exposition format. */
#include "gateway/exposition_parts.h"

#include <inttypes.h>

void ot_metric_family(struct ot_buf *out, const char *name, const char *type, const char *help)
{
    ot_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A family of one value without labels. */
void ot_metric_one(struct ot_buf *out, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    ot_metric_family(out, name, type, help);
    ot_buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

/* Backslash, quote and line feed are escaped, as the format says. */
static void put_label_value(struct ot_buf *out, const char *value)
{
    ot_buf_putc(out, '"');
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            ot_buf_puts(out, "\\n");
        else if (*value == '\\' || *value == '"')
            ot_buf_printf(out, "\\%c", *value);
        else
            ot_buf_putc(out, *value);
    }
    ot_buf_putc(out, '"');
}

/* `name{label="value"`, to be ended by the caller. */
void ot_metric_labelled(struct ot_buf *out, const char *name, const char *label, const char *value)
{
    ot_buf_printf(out, "%s{%s=", name, label);
    put_label_value(out, value);
}

void ot_metric_sample(struct ot_buf *out, const char *name, const char *label,
                      const char *label_value, uint64_t value)
{
    ot_metric_labelled(out, name, label, label_value);
    ot_buf_printf(out, "} %" PRIu64 "\n", value);
}

/* Microseconds as seconds. */
void ot_metric_seconds(struct ot_buf *out, uint64_t us)
{
    ot_buf_printf(out, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
}
