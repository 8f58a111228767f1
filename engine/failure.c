#include "engine/failure.h"

#include "base/text.h"
#include "engine/schema.h"

#include <string.h>

#define LINES_SHOWN 20u
#define BYTES_SHOWN 3000u
#define NEWEST_DATE "but the newest date supported by this server binary is \""
#define FUTURE_DATE "Can't set compatibility date in the future: \""
#define TODAY "Today's date (UTC) is \""
#define UNKNOWN_FLAG "No such compatibility flag: "
#define REQUIRED_DATE "This Worker requires compatibility date \""
#define SERVICE "service " OT_FUNCTION_SERVICE

/* What stands behind `marker`, up to a quote or the end of the line; empty when it does not occur.
 */
static struct ot_span behind(struct ot_span text, const char *marker)
{
    const char *at = text.len > 0 ? memmem(text.data, text.len, marker, strlen(marker)) : NULL;
    struct ot_span found = {"", 0};

    if (at == NULL)
        return found;
    found.data = at + strlen(marker);
    while (found.data + found.len < text.data + text.len && found.data[found.len] != '"' &&
           found.data[found.len] != '\n')
        found.len++;
    return found;
}

static int unfit_date(const char *engine, struct ot_span output, struct ot_error *err)
{
    struct ot_span required = behind(output, REQUIRED_DATE);
    struct ot_span newest = behind(output, NEWEST_DATE);
    struct ot_span future = behind(output, FUTURE_DATE);
    struct ot_span today = behind(output, TODAY);

    if (ot_is_date(required) && ot_is_date(newest))
        return ot_fail(err, OT_CONFIG,
                       "the functions need compatibility date %.*s, but the engine %s knows dates "
                       "up to %.*s (use a newer workerd, or build with an older --compat-date)",
                       (int)required.len, required.data, engine, (int)newest.len, newest.data);
    if (ot_is_date(future) && ot_is_date(today))
        return ot_fail(err, OT_CONFIG,
                       "the functions need compatibility date %.*s, but this machine's clock says "
                       "%.*s (set the clock, or build with an older --compat-date)",
                       (int)future.len, future.data, (int)today.len, today.data);
    return 0;
}

/* Indented, and so that nothing reaches the terminal that moves its cursor. */
static void append_line(struct ot_buf *out, struct ot_span line)
{
    ot_buf_puts(out, "\n  ");
    if (line.len > strlen(SERVICE) && memcmp(line.data, SERVICE, strlen(SERVICE)) == 0) {
        ot_buf_puts(out, "function ");
        line.data += strlen(SERVICE);
        line.len -= strlen(SERVICE);
    }
    ot_buf_readable(out, line);
}

/* The last lines, at most so many and so many bytes. */
static struct ot_span last_lines(struct ot_span output)
{
    size_t end = output.len, start, lines = 0;

    while (end > 0 && output.data[end - 1] == '\n')
        end--;
    for (start = end; start > 0 && end - start < BYTES_SHOWN; start--) {
        if (output.data[start - 1] == '\n' && ++lines == LINES_SHOWN)
            break;
    }
    return (struct ot_span){output.data + start, end - start};
}

int ot_engine_failure(const char *engine, const char *what, struct ot_span output,
                      struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf shown = {0};
    struct ot_span flag = behind(output, UNKNOWN_FLAG);
    struct ot_span rest = last_lines(output);

    if (unfit_date(engine, output, err) < 0)
        return -1;
    if (ot_is_flag_word(flag))
        return ot_fail(err, OT_CONFIG,
                       "the functions need compatibility flag \"%.*s\", which the engine %s does "
                       "not know",
                       (int)flag.len, flag.data, engine);
    while (rest.len > 0) {
        const char *end = memchr(rest.data, '\n', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.data) : rest.len;

        append_line(&shown, (struct ot_span){rest.data, len});
        len += end != NULL;
        rest.data += len;
        rest.len -= len;
    }
    return ot_fail(err, OT_TOOL, "the engine %s %s at start%s%s", engine, what,
                   shown.len > 0 ? "; it said:" : " and said nothing",
                   shown.len > 0 ? shown.data : "");
}
