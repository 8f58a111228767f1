/*
 * GitHub Flavored Markdown. Whatever comes from the payloads stands in a code span or a fenced code
 * block that is longer than any run of backticks in it, so that it is shown and does nothing else:
 * no link, no mention, no HTML.
 */
#include "cli/diff.h"

#include "package/modules.h"

#include <inttypes.h>
#include <string.h>

#define LINE_SHOWN 300u /* bytes of a line */

static size_t longest_run(struct ot_span text)
{
    size_t longest = 0;

    for (size_t i = 0, run = 0; i < text.len; i++) {
        run = text.data[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void print_ticks(size_t count)
{
    while (count-- > 0)
        putchar('`');
}

static void print_code(struct ot_span text)
{
    OT_AUTOBUF struct ot_buf word = {0};
    size_t run;
    bool blanks;

    ot_diff_word(&word, text, 0);
    run = longest_run(ot_buf_span(&word));
    /* one blank at each end is taken off by the reader */
    blanks = word.len == 0 || word.data[0] == '`' || word.data[word.len - 1] == '`' ||
             word.data[0] == ' ';
    print_ticks(run + 1);
    printf("%s%s%s", blanks ? " " : "", word.len > 0 ? word.data : "", blanks ? " " : "");
    print_ticks(run + 1);
}

static void print_code_text(const char *text)
{
    print_code(ot_span_of(text));
}

static void print_side(const char *label, const struct ot_content *content)
{
    const struct ot_preview *preview = &content->preview;
    char size[16];

    ot_out_size(preview->size, size);
    printf("- %s ", label);
    print_code_text(content->path);
    if (preview->has_statement) {
        printf(": ");
        print_code_text(preview->statement.name);
        putchar(' ');
        print_code_text(preview->statement.version);
        printf(", sequence %" PRIu64, preview->statement.sequence);
    }
    printf(", %s\n", size);
}

static void print_power(const char *heading, const struct ot_power *power, bool directions)
{
    if (power->count > 0)
        printf("\n### %s\n\n", heading);
    for (size_t i = 0; i < power->count; i++) {
        const struct ot_power_change *change = &power->items[i];

        printf("- ");
        if (directions && change->direction != OT_POWER_OTHER)
            printf("**%s** ", ot_diff_directions[change->direction]);
        if (change->function != NULL) {
            print_code_text(change->function);
            printf(": ");
        }
        printf("%s: ", change->what);
        print_code_text(change->before != NULL ? change->before : change->after);
        if (change->before != NULL && change->after != NULL) {
            printf(" → ");
            print_code_text(change->after);
        } else {
            printf("%s", change->before == NULL ? ", new" : ", gone");
        }
        putchar('\n');
    }
}

static void print_sizes(enum ot_change kind, uint64_t before, uint64_t after)
{
    char old[16], new[16];

    ot_out_size(before, old);
    ot_out_size(after, new);
    if (kind == OT_ADDED || kind == OT_REMOVED || strcmp(old, new) == 0)
        printf(", %s", kind == OT_REMOVED ? old : new);
    else
        printf(", %s → %s", old, new);
}

static void print_functions(const struct ot_diff *diff)
{
    if (diff->function_count > 0)
        printf("\n### Functions\n\n");
    for (size_t i = 0; i < diff->function_count; i++) {
        const struct ot_function_change *change = &diff->functions[i];

        printf("- ");
        print_code_text(change->name);
        printf(" %s", ot_diff_change_words[change->kind]);
        if (change->kind == OT_CHANGED)
            printf(" (%s)", !change->code ? "power" : change->power ? "code and power" : "code");
        print_sizes(change->kind, change->before, change->after);
        if (change->kind == OT_CHANGED && change->modules > 0)
            printf(", %zu module%s", change->modules, change->modules == 1 ? "" : "s");
        putchar('\n');
    }
}

static void print_lines(const struct ot_lines *lines)
{
    OT_AUTOBUF struct ot_buf block = {0};
    size_t fence;

    for (size_t i = 0; i < lines->count; i++) {
        OT_AUTOBUF struct ot_buf text = {0};

        ot_diff_word(&text, lines->items[i].text, LINE_SHOWN);
        ot_buf_printf(&block, "  %c%s\n", lines->items[i].mark, text.len > 0 ? text.data : "");
    }
    if (block.len == 0)
        return;
    fence = longest_run(ot_buf_span(&block)) + 1;
    fence = fence < 3 ? 3 : fence;
    printf("\n  ");
    print_ticks(fence);
    printf("diff\n%s  ", block.data);
    print_ticks(fence);
    printf("\n%s\n", lines->cut ? "  and more lines\n" : "");
}

static void print_functions_of(const struct ot_diff *diff, const struct ot_module_change *change)
{
    OT_AUTOLIST struct ot_list names = {0};
    size_t count = ot_diff_functions(diff, change, OT_DIFF_NAMES_MAX, &names);

    for (size_t i = 0; i < names.count; i++) {
        printf("%s", i == 0 ? ", in " : ", ");
        print_code_text(names.items[i]);
    }
    if (count > names.count)
        printf(" and %zu others", count - names.count);
}

static int print_module(struct ot_diff_view *view, const struct ot_module_change *change,
                        struct ot_error *err)
{
    OT_AUTODIFFLINES struct ot_diff_lines lines = {0};
    int got = change->kind == OT_RENAMED ? 0 : ot_diff_view_lines(view, change, &lines, err);

    if (got < 0)
        return -1;
    printf("- ");
    print_code(change->before != NULL ? change->before->name : change->after->name);
    printf(" %s", ot_diff_change_words[change->kind]);
    if (change->kind == OT_RENAMED) {
        printf(" to ");
        print_code(change->after->name);
    }
    if (got > 0)
        printf(" (+%zu −%zu)", lines.lines.added, lines.lines.removed);
    print_functions_of(view->diff, change);
    putchar('\n');
    if (got > 0 && view->lines)
        print_lines(&lines.lines);
    return 0;
}

static void print_members(const struct ot_diff *diff)
{
    if (diff->member_count > 0)
        printf("\n<details><summary>Bundles and files</summary>\n\n");
    for (size_t i = 0; i < diff->member_count; i++) {
        const struct ot_member_change *change = &diff->members[i];
        const struct ot_member *old = change->before != NULL ? change->before : change->after;
        const struct ot_member *new = change->after != NULL ? change->after : change->before;

        printf("- ");
        print_code_text(old->path);
        printf(" %s", ot_diff_change_words[change->kind]);
        if (strcmp(old->path, new->path) != 0) {
            printf(" to ");
            print_code_text(new->path);
        }
        print_sizes(change->kind, old->size, new->size);
        putchar('\n');
    }
    if (diff->member_count > 0)
        printf("\n</details>\n");
}

int ot_diff_markdown(struct ot_diff_view *view, struct ot_error *err)
{
    const struct ot_diff *diff = view->diff;

    printf("## %s\n\nSignatures were not checked.\n\n",
           diff->same ? "The payloads hold the same" : "What changed");
    print_side("before", diff->before);
    print_side("after", diff->after);
    print_power("Power", &diff->power, true);
    print_power("Built with", &diff->builder, false);
    print_functions(diff);
    if (diff->module_count > 0)
        printf("\n### %s\n\n", diff->insight == OT_INSIGHT_SOURCES ? "Sources" : "Modules");
    for (size_t i = 0; i < diff->module_count; i++) {
        if (print_module(view, &diff->modules[i], err) < 0)
            return -1;
    }
    if (diff->modules_cut)
        printf("\nThere are more modules than are looked at.\n");
    print_members(diff);
    return 0;
}
