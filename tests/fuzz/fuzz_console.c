/* What an engine printed: whatever it is, it makes one line, of text or of JSON. */
#include "base/json.h"
#include "gateway/log_line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only the first line begins like one of the log; no control character gets through. */
static void check_text(const struct ot_buf *line)
{
    for (size_t i = 0; i < line->len; i++) {
        unsigned char c = (unsigned char)line->data[i];

        if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
            abort();
        if (c == '\n' && i + 1 < line->len && strncmp(line->data + i + 1, "    ", 4) != 0)
            abort();
    }
    if (line->len == 0 || line->data[line->len - 1] != '\n')
        abort();
}

static void check_json(const struct ot_buf *line)
{
    struct ot_error err;
    struct ot_json json;

    if (memchr(line->data, '\n', line->len) != line->data + line->len - 1)
        abort();
    ot_json_begin(&json, ot_buf_span(line), 0);
    if (ot_json_skip(&json, &err) < 0 || ot_json_finish(&json, &err) < 0)
        abort();
    ot_json_end(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ot_span line = {(const char *)data, size};
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf json = {0};

    ot_log_line_console(OT_LOG_TEXT, 1795248470123, "cell", false, line, &text);
    check_text(&text);
    ot_log_line_console(OT_LOG_JSON, 1795248470123, "cell", true, line, &json);
    check_json(&json);
    return 0;
}
