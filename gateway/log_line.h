/* The log's lines, one form for people and one for machines (schemas/log.schema.json). */
#pragma once

#include "gateway/log.h"

/* Each appends one line with its newline; OT_LOG_OFF is text. `time_ms`: milliseconds since 1970.
 */
void ot_log_line_request(enum ot_log_format format, const struct ot_log_request *request,
                         struct ot_buf *out);
void ot_log_line_console(enum ot_log_format format, uint64_t time_ms, const char *cell,
                         bool is_error, struct ot_span line, struct ot_buf *out);
void ot_log_line_message(enum ot_log_format format, uint64_t time_ms, enum ot_log_level level,
                         const char *text, struct ot_buf *out);
