#include "cli/diff.h"

#include "package/modules.h"

#include <inttypes.h>
#include <string.h>

#define LINE_SHOWN 160u /* bytes of a line */

static void print_word(struct ot_span text)
{
    OT_AUTOBUF struct ot_buf word = {0};

    ot_diff_word(&word, text, 0);
    if (word.len > 0)
        fwrite(word.data, 1, word.len, stdout);
}

static void print_text(const char *text)
{
    print_word(ot_span_of(text));
}

static void print_heading(const char *text)
{
    printf("\n%s%s%s\n", ot_out_style(stdout, OT_STYLE_BOLD), text,
           ot_out_style(stdout, OT_STYLE_PLAIN));
}

static const char *style_of(enum ot_change kind)
{
    static const enum ot_style styles[] = {
        [OT_ADDED] = OT_STYLE_GREEN,
        [OT_REMOVED] = OT_STYLE_RED,
        [OT_CHANGED] = OT_STYLE_YELLOW,
        [OT_RENAMED] = OT_STYLE_DIM,
    };

    return ot_out_style(stdout, styles[kind]);
}

static void print_sign(enum ot_change kind)
{
    printf("  %s%c%s ", style_of(kind), ot_diff_change_signs[kind],
           ot_out_style(stdout, OT_STYLE_PLAIN));
}

/* "12.0 KB -> 12.3 KB"; one size where the other is not there, or is the same. */
static void print_sizes(enum ot_change kind, uint64_t before, uint64_t after)
{
    char old[16], new[16];

    ot_out_size(before, old);
    ot_out_size(after, new);
    if (kind == OT_ADDED || kind == OT_REMOVED || strcmp(old, new) == 0)
        printf("%s", kind == OT_REMOVED ? old : new);
    else
        printf("%s -> %s", old, new);
}

/* -- heads ------------------------------------------------------------------------------------- */

static void print_side(const char *label, const struct ot_content *content)
{
    const struct ot_preview *preview = &content->preview;
    char size[16];

    ot_out_size(preview->size, size);
    printf("%-8s", label);
    print_text(content->path);
    if (preview->has_statement)
        printf(": %s %s, sequence %" PRIu64, preview->statement.name, preview->statement.version,
               preview->statement.sequence);
    printf(", %s\n", size);
}

static void print_power(const char *heading, const struct ot_power *power, bool directions)
{
    if (power->count > 0)
        print_heading(heading);
    for (size_t i = 0; i < power->count; i++) {
        const struct ot_power_change *change = &power->items[i];
        enum ot_style style = change->direction == OT_POWER_MORE   ? OT_STYLE_RED
                              : change->direction == OT_POWER_LESS ? OT_STYLE_GREEN
                                                                   : OT_STYLE_PLAIN;

        printf("  ");
        if (directions)
            printf("%s%-5s%s ", ot_out_style(stdout, style), ot_diff_directions[change->direction],
                   ot_out_style(stdout, OT_STYLE_PLAIN));
        if (change->function != NULL)
            printf("%s: ", change->function);
        printf("%s: ", change->what);
        print_text(change->before != NULL ? change->before : change->after);
        if (change->before == NULL || change->after == NULL) {
            printf("%s\n", change->before == NULL ? ", new" : ", gone");
            continue;
        }
        printf(" -> ");
        print_text(change->after);
        putchar('\n');
    }
}

static void print_functions(const struct ot_diff *diff)
{
    if (diff->function_count > 0)
        print_heading("functions");
    for (size_t i = 0; i < diff->function_count; i++) {
        const struct ot_function_change *change = &diff->functions[i];

        print_sign(change->kind);
        printf("%s: ", change->name);
        print_sizes(change->kind, change->before, change->after);
        if (change->kind == OT_CHANGED && !change->code)
            printf(", power alone");
        else if (change->kind == OT_CHANGED && diff->insight == OT_INSIGHT_NONE)
            printf(", code");
        else if (change->kind == OT_CHANGED && change->modules == 0)
            printf(", only what the bundler writes around modules");
        else if (change->kind == OT_CHANGED)
            printf(", %zu module%s", change->modules, change->modules == 1 ? "" : "s");
        putchar('\n');
    }
}

/* -- modules ----------------------------------------------------------------------------------- */

void ot_diff_print_lines(const struct ot_lines *lines, const char *indent)
{
    for (size_t i = 0; i < lines->count; i++) {
        const struct ot_line *line = &lines->items[i];
        OT_AUTOBUF struct ot_buf text = {0};
        enum ot_style style = line->mark == '+'   ? OT_STYLE_GREEN
                              : line->mark == '-' ? OT_STYLE_RED
                                                  : OT_STYLE_DIM;
        bool jumps = i == 0 || (line->before > 0 && lines->items[i - 1].before > 0 &&
                                line->before > lines->items[i - 1].before + 1);

        ot_diff_word(&text, line->text, LINE_SHOWN);
        if (jumps)
            printf("%s@@ line %zu @@\n", indent, line->after > 0 ? line->after : line->before);
        printf("%s%s%c%s%s\n", indent, ot_out_style(stdout, style), line->mark,
               text.len > 0 ? text.data : "", ot_out_style(stdout, OT_STYLE_PLAIN));
    }
    if (lines->cut)
        printf("%s...\n", indent);
}

static void print_functions_of(const struct ot_diff *diff, const struct ot_module_change *change)
{
    OT_AUTOLIST struct ot_list names = {0};
    size_t count = ot_diff_functions(diff, change, OT_DIFF_NAMES_MAX, &names);

    for (size_t i = 0; i < names.count; i++)
        printf("%s%s", i == 0 ? ", in " : ", ", names.items[i]);
    if (count > names.count)
        printf(" and %zu others", count - names.count);
}

static int print_module(struct ot_diff_view *view, const struct ot_module_change *change,
                        struct ot_error *err)
{
    OT_AUTODIFFLINES struct ot_diff_lines lines = {0};
    bool has_lines = change->kind == OT_CHANGED || (view->lines && change->kind != OT_RENAMED);
    int got = has_lines ? ot_diff_view_lines(view, change, &lines, err) : 0;

    if (got < 0)
        return -1;
    print_sign(change->kind);
    print_word(change->before != NULL ? change->before->name : change->after->name);
    if (change->kind == OT_RENAMED) {
        printf(" -> ");
        print_word(change->after->name);
    }
    if (got > 0)
        printf(" +%zu -%zu", lines.lines.added, lines.lines.removed);
    print_functions_of(view->diff, change);
    putchar('\n');
    if (view->lines && got > 0)
        ot_diff_print_lines(&lines.lines, "      ");
    return 0;
}

static struct ot_span name_of(const struct ot_module_change *change)
{
    return change->after != NULL ? change->after->name : change->before->name;
}

/* How many of the changes from `first` on are modules of the same package; 0: it is of none. */
static size_t package_length(const struct ot_diff *diff, size_t first)
{
    struct ot_span package = ot_module_package(name_of(&diff->modules[first]));
    size_t count = 0;

    while (package.len > 0 && first + count < diff->module_count &&
           ot_span_equal(ot_module_package(name_of(&diff->modules[first + count])), package))
        count++;
    return count;
}

static void print_package(const struct ot_diff *diff, size_t first, size_t count)
{
    size_t counts[4] = {0};
    enum ot_change kind = diff->modules[first].kind;

    for (size_t i = first; i < first + count; i++) {
        counts[diff->modules[i].kind]++;
        if (diff->modules[i].kind != kind)
            kind = OT_CHANGED;
    }
    print_sign(kind);
    printf("package ");
    print_word(ot_module_package(name_of(&diff->modules[first])));
    printf(":");
    for (size_t i = 0, shown = 0; i < OT_COUNT(counts); i++) {
        if (counts[i] > 0)
            printf("%s %zu module%s %s", shown++ > 0 ? "," : "", counts[i],
                   counts[i] == 1 ? "" : "s", ot_diff_change_words[i]);
    }
    putchar('\n');
}

static int print_modules(struct ot_diff_view *view, struct ot_error *err)
{
    const struct ot_diff *diff = view->diff;

    if (diff->module_count > 0)
        print_heading(diff->insight == OT_INSIGHT_SOURCES ? "sources (by their source maps)"
                                                          : "modules");
    for (size_t i = 0; i < diff->module_count;) {
        size_t length = package_length(diff, i);
        size_t end = i + (length > 0 ? length : 1);

        if (length > 0)
            print_package(diff, i, length);
        for (; i < end; i++) {
            if ((length == 0 || view->lines) && print_module(view, &diff->modules[i], err) < 0)
                return -1;
        }
    }
    if (diff->modules_cut)
        printf("  ... more modules than are looked at\n");
    return 0;
}

/* -- files ------------------------------------------------------------------------------------- */

/* Bundles and chunks are told with functions and modules, unless nothing can be told of these. */
static bool is_shown(const struct ot_diff *diff, const struct ot_member_change *change)
{
    const char *path = change->after != NULL ? change->after->path : change->before->path;

    return diff->insight == OT_INSIGHT_NONE || strncmp(path, "files/", 6) == 0;
}

static void print_members(const struct ot_diff *diff)
{
    bool has_heading = false;

    for (size_t i = 0; i < diff->member_count; i++) {
        const struct ot_member_change *change = &diff->members[i];
        const struct ot_member *old = change->before != NULL ? change->before : change->after;
        const struct ot_member *new = change->after != NULL ? change->after : change->before;

        if (!is_shown(diff, change))
            continue;
        if (!has_heading)
            print_heading("files");
        has_heading = true;
        print_sign(change->kind);
        printf("%s", old->path);
        if (strcmp(old->path, new->path) != 0)
            printf(" -> %s", new->path);
        printf(": ");
        print_sizes(change->kind, old->size, new->size);
        putchar('\n');
    }
}

int ot_diff_print(struct ot_diff_view *view, struct ot_error *err)
{
    const struct ot_diff *diff = view->diff;
    char digest[OT_SHA256_HEX];

    printf("%snot verified%s: signatures were not checked\n", ot_out_style(stdout, OT_STYLE_YELLOW),
           ot_out_style(stdout, OT_STYLE_PLAIN));
    print_side("before", diff->before);
    print_side("after", diff->after);
    if (diff->same) {
        ot_sha256_hex(ot_buf_span(&diff->after->preview.manifest_text), digest);
        printf("\nthe same: manifest %s\n", digest);
        return 0;
    }
    print_power("power", &diff->power, true);
    print_power("built with", &diff->builder, false);
    print_functions(diff);
    if (print_modules(view, err) < 0)
        return -1;
    print_members(diff);
    if (diff->insight == OT_INSIGHT_NONE && diff->member_count > 0)
        printf("\nbundles are minified and have no source maps: what changed inside cannot be "
               "told\n");
    if (diff->power.count + diff->builder.count + diff->member_count + diff->function_count == 0)
        printf("\nonly the text of the manifests differs\n");
    return 0;
}
