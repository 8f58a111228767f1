/*
 * How the program talks to people: results on standard output, errors and progress on standard
 * error; colour and progress only on a terminal, never with NO_COLOR or CI set. Text that came from
 * files is made harmless for a terminal before it is shown.
 */
#pragma once

#include "base/json_write.h"
#include "build/build.h"
#include "verify/payload.h"

#include <stdio.h>

enum ot_style {
    OT_STYLE_PLAIN,
    OT_STYLE_BOLD,
    OT_STYLE_RED,
    OT_STYLE_GREEN,
    OT_STYLE_YELLOW,
    OT_STYLE_DIM
};

/* The escape sequence of a style, or "" where there is no colour. */
const char *ot_out_style(FILE *out, enum ot_style style);

/* Writes text with every control character and every byte that is not UTF-8 replaced by `?`. */
void ot_out_text(FILE *out, const char *text);

/* "onetube: verify: E_HASH: message" on standard error; `command` may be NULL. */
void ot_out_error(const char *command, const struct ot_error *err);

/* "file:line:column: error: text", the source line and a caret, on standard error. */
void ot_out_diagnostics(const struct ot_build_report *report);

/* "12.3 KB" (1 KB = 1,000 bytes). */
void ot_out_size(uint64_t bytes, char out[16]);

/* "7 of 8 functions are closed and ...": a line of its own; nothing when none is closed. */
void ot_out_closed(size_t closed, size_t functions);

/* "2027-01-31T12:00:00Z", or the number where a calendar does not reach. */
void ot_out_time(uint64_t seconds, char out[32]);

/*
 * A progress line on standard error, replaced by the next one; "" erases it. Nothing where that is
 * not a terminal.
 */
void ot_out_progress(void *context, const char *step);

/* A string that may not be UTF-8, such as a path of the user's. */
void ot_out_json_text(struct ot_json_writer *writer, const char *key, const char *text);
/* The members name, version, sequence, notAfter (null if none), manifestSha256. */
void ot_out_json_statement(struct ot_json_writer *writer, const struct ot_statement *statement);
/* The members statement (null if none) and signatures: key identifiers. */
void ot_out_json_signed(struct ot_json_writer *writer, const struct ot_preview *preview);
/* The member "diagnostics" of a build's report. */
void ot_out_json_diagnostics(struct ot_json_writer *writer, const struct ot_build_report *report);
/* Ends the text and writes it to standard output. */
void ot_out_json(struct ot_json_writer *writer);
