/* Messages about places in the sources, as a build collects them in its report. */
#pragma once

#include "build/build.h"
#include "build/packet.h"

/*
 * How a file is shown: `relative` to the folder that the user named `shown`, without needless
 * `x/..` steps. The caller frees it.
 */
char *ot_shown_path(const char *shown, const char *relative);

/* Adds a diagnostic and takes over its strings; one that is in the report already is dropped. */
void ot_report_add(struct ot_build_report *report, struct ot_diagnostic diagnostic);

/* The caller frees what it points to. */
struct ot_diagnostic ot_diagnostic_copy(const struct ot_diagnostic *from);

/* Adds an error at a place of a file; `line` 0 where no place is known. Takes over `text`. */
void ot_report_error(struct ot_build_report *report, const char *file, unsigned line,
                     unsigned column, char *text);

/* Adds esbuild's "errors" or "warnings"; anything else than an array adds nothing. */
void ot_report_messages(struct ot_build_report *report, const char *shown,
                        const struct ot_value *messages, bool are_errors);

/*
 * The text of one of them; that of a specifier which esbuild could not resolve says what to do
 * instead. The caller frees it.
 */
char *ot_message_text(const struct ot_value *message);

size_t ot_report_error_count(const struct ot_build_report *report);
