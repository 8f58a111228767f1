#include "cli/output.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool is_set(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0';
}

/* Whether `out` is a terminal that should get colour and progress. */
static bool is_fancy(FILE *out)
{
    return isatty(fileno(out)) && !is_set("NO_COLOR") && !is_set("CI");
}

const char *ot_out_style(FILE *out, enum ot_style style)
{
    static const char *const sequences[] = {
        [OT_STYLE_PLAIN] = "\033[0m",   [OT_STYLE_BOLD] = "\033[1m",
        [OT_STYLE_RED] = "\033[1;31m",  [OT_STYLE_GREEN] = "\033[32m",
        [OT_STYLE_YELLOW] = "\033[33m", [OT_STYLE_DIM] = "\033[2m",
    };

    return is_fancy(out) ? sequences[style] : "";
}

void ot_out_text(FILE *out, const char *text)
{
    OT_AUTOBUF struct ot_buf readable = {0};

    ot_buf_readable(&readable, ot_span_of(text));
    if (readable.len > 0)
        fwrite(readable.data, 1, readable.len, out);
}

void ot_out_error(const char *command, const struct ot_error *err)
{
    fprintf(stderr, "%sonetube:%s ", ot_out_style(stderr, OT_STYLE_RED),
            ot_out_style(stderr, OT_STYLE_PLAIN));
    if (command != NULL)
        fprintf(stderr, "%s: ", command);
    if (err->code != NULL)
        fprintf(stderr, "%s: ", err->code);
    ot_out_text(stderr, err->message);
    fputc('\n', stderr);
}

/* A caret below the place; a tab stays one, so that both lines are indented alike. */
static void put_caret(const struct ot_diagnostic *diagnostic)
{
    const char *at = diagnostic->source_line;

    fputs("    ", stderr);
    for (unsigned i = 1; i < diagnostic->column && *at != '\0'; i++, at++) {
        if (((unsigned char)*at & 0xc0) != 0x80)
            fputc(*at == '\t' ? '\t' : ' ', stderr);
    }
    fputs(ot_out_style(stderr, OT_STYLE_GREEN), stderr);
    fputc('^', stderr);
    for (unsigned i = 1; i < diagnostic->length && *at != '\0' && *++at != '\0'; i++) {
        if (((unsigned char)*at & 0xc0) != 0x80)
            fputc('~', stderr);
    }
    fprintf(stderr, "%s\n", ot_out_style(stderr, OT_STYLE_PLAIN));
}

static void put_diagnostic(const struct ot_diagnostic *diagnostic)
{
    fputs(ot_out_style(stderr, OT_STYLE_BOLD), stderr);
    if (diagnostic->file != NULL)
        ot_out_text(stderr, diagnostic->file);
    if (diagnostic->file != NULL && diagnostic->line > 0)
        fprintf(stderr, ":%u:%u", diagnostic->line, diagnostic->column);
    if (diagnostic->file != NULL)
        fputs(": ", stderr);
    fputs(ot_out_style(stderr, OT_STYLE_PLAIN), stderr);
    if (!diagnostic->is_error)
        fprintf(stderr, "%swarning:%s ", ot_out_style(stderr, OT_STYLE_YELLOW),
                ot_out_style(stderr, OT_STYLE_PLAIN));
    ot_out_text(stderr, diagnostic->text);
    fputc('\n', stderr);
    if (diagnostic->source_line == NULL || diagnostic->line == 0)
        return;
    fputs("    ", stderr);
    ot_out_text(stderr, diagnostic->source_line);
    fputc('\n', stderr);
    put_caret(diagnostic);
}

void ot_out_diagnostics(const struct ot_build_report *report)
{
    for (size_t i = 0; i < report->diagnostic_count; i++)
        put_diagnostic(&report->diagnostics[i]);
}

void ot_out_size(uint64_t bytes, char out[16])
{
    static const char *const units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes / 1000;
    size_t unit = 0;

    if (bytes < 1000) {
        snprintf(out, 16, "%" PRIu64 " B", bytes);
        return;
    }
    while (value >= 999.95 && unit + 1 < OT_COUNT(units)) {
        value /= 1000;
        unit++;
    }
    snprintf(out, 16, "%.1f %s", value, units[unit]);
}

void ot_out_closed(size_t closed, size_t functions)
{
    if (closed == 0)
        return;
    printf("%zu of %zu function%s %s without an identity (\"public\": true in 1tube.json opens "
           "one)\n",
           closed, functions, functions == 1 ? "" : "s",
           closed == 1 ? "is closed and answers 401" : "are closed and answer 401");
}

void ot_out_time(uint64_t seconds, char out[32])
{
    static const uint64_t year_10000 = 253402300800;
    time_t when = (time_t)seconds;
    struct tm parts;

    if (seconds < year_10000 && gmtime_r(&when, &parts) != NULL)
        strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
    else
        snprintf(out, 32, "%" PRIu64, seconds);
}

void ot_out_progress(void *context, const char *step)
{
    (void)context;
    if (!is_fancy(stderr))
        return;
    fputs("\r\033[K", stderr);
    ot_out_text(stderr, step);
    fflush(stderr);
}

void ot_out_json_text(struct ot_json_writer *writer, const char *key, const char *text)
{
    OT_AUTOFREE char *printable = NULL;

    if (ot_is_utf8(ot_span_of(text))) {
        ot_jw_string(writer, key, text);
        return;
    }
    printable = ot_alloc(1, strlen(text) + 1);
    ot_printable(printable, strlen(text) + 1, ot_span_of(text));
    ot_jw_string(writer, key, printable);
}

void ot_out_json_statement(struct ot_json_writer *writer, const struct ot_statement *statement)
{
    ot_jw_string(writer, "name", statement->name);
    ot_jw_string(writer, "version", statement->version);
    ot_jw_uint(writer, "sequence", statement->sequence);
    if (statement->has_not_after)
        ot_jw_uint(writer, "notAfter", statement->not_after);
    else
        ot_jw_null(writer, "notAfter");
    ot_jw_string(writer, "manifestSha256", statement->manifest_sha256);
}

void ot_out_json_signed(struct ot_json_writer *writer, const struct ot_preview *preview)
{
    if (preview->has_statement) {
        ot_jw_object(writer, "statement");
        ot_out_json_statement(writer, &preview->statement);
        ot_jw_object_end(writer);
    } else {
        ot_jw_null(writer, "statement");
    }
    ot_jw_array(writer, "signatures");
    for (unsigned i = 0; i < preview->signatures.count; i++)
        ot_jw_string(writer, NULL, preview->signatures.items[i].key_id);
    ot_jw_array_end(writer);
}

void ot_out_json(struct ot_json_writer *writer)
{
    ot_jw_end(writer);
    fwrite(writer->out->data, 1, writer->out->len, stdout);
}

void ot_out_json_diagnostics(struct ot_json_writer *writer, const struct ot_build_report *report)
{
    ot_jw_array(writer, "diagnostics");
    for (size_t i = 0; i < report->diagnostic_count; i++) {
        const struct ot_diagnostic *diagnostic = &report->diagnostics[i];

        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "severity", diagnostic->is_error ? "error" : "warning");
        ot_out_json_text(writer, "text", diagnostic->text);
        if (diagnostic->file != NULL)
            ot_out_json_text(writer, "file", diagnostic->file);
        if (diagnostic->file != NULL && diagnostic->line > 0) {
            ot_jw_uint(writer, "line", diagnostic->line);
            ot_jw_uint(writer, "column", diagnostic->column);
        }
        if (diagnostic->source_line != NULL)
            ot_out_json_text(writer, "sourceLine", diagnostic->source_line);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}
