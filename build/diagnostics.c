#include "build/diagnostics.h"

#include "base/file.h"
#include "build/lex.h"
#include "build/metafile.h"
#include "build/path.h"
#include "build/specifiers.h"

#include <stdlib.h>
#include <string.h>

char *ot_shown_path(const char *shown, const char *relative)
{
    if (ot_metafile_is_virtual(relative))
        return ot_strdup(relative);
    return ot_path_join(shown, ot_span_of(relative));
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void free_diagnostic(struct ot_diagnostic *diagnostic)
{
    free(diagnostic->file);
    free(diagnostic->text);
    free(diagnostic->source_line);
}

void ot_report_add(struct ot_build_report *report, struct ot_diagnostic diagnostic)
{
    for (size_t i = 0; i < report->diagnostic_count; i++) {
        const struct ot_diagnostic *other = &report->diagnostics[i];

        if (other->line == diagnostic.line && other->column == diagnostic.column &&
            same_text(other->file, diagnostic.file) && same_text(other->text, diagnostic.text)) {
            free_diagnostic(&diagnostic);
            return;
        }
    }
    report->diagnostics =
        ot_realloc(report->diagnostics, report->diagnostic_count + 1, sizeof(*report->diagnostics));
    report->diagnostics[report->diagnostic_count++] = diagnostic;
}

struct ot_diagnostic ot_diagnostic_copy(const struct ot_diagnostic *from)
{
    struct ot_diagnostic copy = *from;

    copy.file = from->file != NULL ? ot_strdup(from->file) : NULL;
    copy.text = ot_strdup(from->text);
    copy.source_line = from->source_line != NULL ? ot_strdup(from->source_line) : NULL;
    return copy;
}

void ot_report_error(struct ot_build_report *report, const char *file, unsigned line,
                     unsigned column, char *text)
{
    ot_report_add(report, (struct ot_diagnostic){.is_error = true,
                                                 .file = ot_strdup(file),
                                                 .line = line,
                                                 .column = column,
                                                 .text = text});
}

size_t ot_report_error_count(const struct ot_build_report *report)
{
    size_t count = 0;

    for (size_t i = 0; i < report->diagnostic_count; i++)
        count += report->diagnostics[i].is_error;
    return count;
}

/*
 * The first line of esbuild's first note, if it says more than how to leave a path out
 * of the bundle.
 */
static struct ot_span useful_note(const struct ot_value *message)
{
    static const char useless[] = "You can mark";
    const struct ot_value *notes = ot_value_get(message, "notes");
    struct ot_span text = {0};

    if (notes->type == OT_VALUE_ARRAY && notes->count > 0)
        text = ot_value_text(ot_value_get(&notes->items[0], "text"));
    if (text.len >= strlen(useless) && memcmp(text.data, useless, strlen(useless)) == 0)
        return (struct ot_span){0};
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\n')
            text.len = i;
    }
    if (text.len > 0 && (text.data[text.len - 1] == ':' || text.data[text.len - 1] == '.'))
        text.len--;
    return text;
}

/* A part of the standard library that we bring lacks a name; NULL: it is about something else. */
static char *lacking_text(struct ot_span text)
{
    static const char start[] = "No matching export in \"onetube-shim:std/";
    static const char middle[] = "\" for import \"";
    const char *name = memmem(text.data, text.len, middle, strlen(middle));
    struct ot_span part;

    if (!ot_span_starts(text, start) || name == NULL)
        return NULL;
    text = ot_span_skip(text, strlen(start));
    part = (struct ot_span){text.data, (size_t)(name - text.data)};
    if (ot_span_ends(part, ".js"))
        part.len -= strlen(".js");
    if (ot_span_ends(part, "/mod"))
        part.len -= strlen("/mod");
    name += strlen(middle);
    return ot_asprintf(
        "onetube's part of @std/%.*s has no \"%.*s (get all of it: onetube vendor, or "
        "npm install @jsr/std__%.*s)",
        (int)part.len, part.data, (int)(text.data + text.len - name), name,
        (int)strcspn(part.data, "/\""), part.data);
}

char *ot_message_text(const struct ot_value *message)
{
    static const char unresolved[] = "Could not resolve \"";
    struct ot_span text = ot_value_text(ot_value_get(message, "text"));
    struct ot_span note = useful_note(message);
    struct ot_span specifier, package;
    char *lacking = lacking_text(text);

    if (lacking != NULL)
        return lacking;
    if (text.len < sizeof(unresolved) || text.data[text.len - 1] != '"' ||
        memcmp(text.data, unresolved, strlen(unresolved)) != 0)
        return ot_strndup(text.data, text.len);
    specifier = (struct ot_span){text.data + strlen(unresolved), text.len - sizeof(unresolved)};
    if (note.len > 0)
        return ot_asprintf("cannot resolve \"%.*s\" (%.*s)", (int)specifier.len, specifier.data,
                           (int)note.len, note.data);
    if (ot_specifier_package(specifier, &package))
        return ot_asprintf("cannot resolve \"%.*s\" (install it: npm install %.*s)",
                           (int)specifier.len, specifier.data, (int)package.len, package.data);
    return ot_asprintf("cannot resolve \"%.*s\"", (int)specifier.len, specifier.data);
}

/* The line as the file has it: esbuild may have been given a changed one (edit.h). */
static char *line_in(const char *file, unsigned line)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error ignored;
    const char *at;

    if (ot_read_file(file, OT_LEX_MAX, &text, &ignored) < 0 || text.len == 0)
        return NULL;
    at = text.data;
    while (--line > 0) {
        at = strchr(at, '\n');
        if (at == NULL)
            return NULL;
        at++;
    }
    return ot_strndup(at, strcspn(at, "\r\n"));
}

static void add_message(struct ot_build_report *report, const char *shown,
                        const struct ot_value *message, bool is_error)
{
    const struct ot_value *location = ot_value_get(message, "location");
    struct ot_diagnostic diagnostic = {.is_error = is_error, .text = ot_message_text(message)};

    if (location->type == OT_VALUE_OBJECT) {
        struct ot_span file = ot_value_text(ot_value_get(location, "file"));
        struct ot_span line = ot_value_text(ot_value_get(location, "lineText"));
        OT_AUTOFREE char *relative = ot_strndup(file.data, file.len);

        diagnostic.file = ot_shown_path(shown, relative);
        diagnostic.line = ot_value_uint(ot_value_get(location, "line"), 0);
        diagnostic.column = ot_value_uint(ot_value_get(location, "column"), 0) + 1;
        diagnostic.length = ot_value_uint(ot_value_get(location, "length"), 0);
        diagnostic.source_line =
            diagnostic.line > 0 ? line_in(diagnostic.file, diagnostic.line) : NULL;
        if (diagnostic.source_line == NULL)
            diagnostic.source_line = ot_strndup(line.data, line.len);
    }
    ot_report_add(report, diagnostic);
}

void ot_report_messages(struct ot_build_report *report, const char *shown,
                        const struct ot_value *messages, bool are_errors)
{
    for (size_t i = 0; messages->type == OT_VALUE_ARRAY && i < messages->count; i++)
        add_message(report, shown, &messages->items[i], are_errors);
}
