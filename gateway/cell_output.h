/* What an engine writes, cut into lines for the log. */
#pragma once

#include "gateway/log.h"

/* Longer lines are cut. More than the log keeps of a message, because the shim's lines are JSON. */
#define OT_OUTPUT_LINE_MAX (64u << 10)
/* What one engine may write in a window; when it writes more, it waits for the next one. A line
 * counts for as many bytes besides, because of what it costs us. */
#define OT_OUTPUT_WINDOW_MS 25
#define OT_OUTPUT_WINDOW_BYTES (100u << 10)
#define OT_OUTPUT_LINE_COST 64u

struct ot_output_stream {
    struct ot_buf line; /* that has not ended yet; at most OT_OUTPUT_LINE_MAX */
};

/* Of one engine. Zero it, then set the first two. */
struct ot_output {
    struct ot_log *log;
    const char *name; /* the cell's */
    struct ot_output_stream out, errors;
    int64_t window_start; /* of ot_now_ms */
    size_t window_bytes;
};

/* Takes what it wrote to its standard output or error. */
void ot_output_take(struct ot_output *output, bool is_error, struct ot_span text);
/* It writes no more: what has no newline behind it is a line, too. Frees. */
void ot_output_end(struct ot_output *output);
/* Until when (of ot_now_ms) nothing more should be read from it; 0: read on. */
int64_t ot_output_pause(const struct ot_output *output);
