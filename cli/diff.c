#include "cli/diff.h"

#include "cli/cli.h"

#include <string.h>

struct values {
    bool json;
    bool markdown;
    bool lines;
};

static const struct ot_option options[] = {
    {.name = "lines",
     .help = "show the lines that differ in each module",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, lines)},
    {.name = "markdown",
     .help = "print a report as Markdown, for a pull request",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, markdown)},
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "diff",
    .operands = "BEFORE AFTER",
    .summary = "show what differs between two payloads or dists",
    .description =
        "Shows what the second may do that the first may not (who may call its functions, "
        "environment names, hosts, limits, the engine's flags and date), apart from what built "
        "them and from what changed in their code: functions, the modules inside their bundles, "
        "files.\n\n"
        "Modules are told apart by source maps where both have them, else by the comments that "
        "are in bundles that are not minified; of others only sizes can be told.\n\n"
        "It needs no key. Signatures are not checked; every member is, against its manifest. "
        "The exit status is 0 if both hold the same, 1 if they differ. Names, versions, sequence "
        "numbers and signatures are shown, and make no difference.",
    .example = "  onetube diff fw-1.4.1tube fw-1.5.1tube --lines",
    .min_operands = 2,
    .max_operands = 2,
    .options = options,
    .options_size = sizeof(struct values),
};

const char *const ot_diff_change_words[] = {
    [OT_ADDED] = "added",
    [OT_REMOVED] = "removed",
    [OT_CHANGED] = "changed",
    [OT_RENAMED] = "renamed",
};

const char ot_diff_change_signs[] = {
    [OT_ADDED] = '+',
    [OT_REMOVED] = '-',
    [OT_CHANGED] = '~',
    [OT_RENAMED] = '>',
};

const char *const ot_diff_directions[] = {
    [OT_POWER_MORE] = "more",
    [OT_POWER_LESS] = "less",
    [OT_POWER_OTHER] = "other",
};

const char *const ot_diff_insights[] = {
    [OT_INSIGHT_SOURCES] = "sources",
    [OT_INSIGHT_MODULES] = "modules",
    [OT_INSIGHT_NONE] = "none",
};

/* U+202A to U+202E and U+2066 to U+2069, U+200E and U+200F, U+061C: they make a line read otherwise
 * than it runs. U+2028 and U+2029 end a line for some. */
static size_t direction_mark(const unsigned char *at, size_t left)
{
    if (left >= 2 && at[0] == 0xd8 && at[1] == 0x9c)
        return 2;
    if (left < 3 || at[0] != 0xe2)
        return 0;
    if (at[1] == 0x80 && ((at[2] >= 0xa8 && at[2] <= 0xae) || at[2] == 0x8e || at[2] == 0x8f))
        return 3;
    return at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9 ? 3 : 0;
}

void ot_diff_word(struct ot_buf *out, struct ot_span text, size_t max)
{
    OT_AUTOBUF struct ot_buf readable = {0};
    struct ot_span all = text;

    if (max > 0 && text.len > max) {
        text.len = max;
        while (text.len > 0 && ((unsigned char)text.data[text.len] & 0xc0) == 0x80)
            text.len--;
    }
    ot_buf_readable(&readable, text);
    for (size_t i = 0; i < readable.len;) {
        size_t mark = direction_mark((const unsigned char *)readable.data + i, readable.len - i);

        if (mark > 0 || readable.data[i] == '\n')
            ot_buf_putc(out, '?');
        else
            ot_buf_putc(out, readable.data[i]);
        i += mark > 0 ? mark : 1;
    }
    if (text.len < all.len)
        ot_buf_puts(out, "...");
}

/* What reading a module again costs. */
static uint64_t cost_of(const struct ot_module_place *place)
{
    return place == NULL ? 0 : place->member->size;
}

int ot_diff_view_lines(struct ot_diff_view *view, const struct ot_module_change *change,
                       struct ot_diff_lines *out, struct ot_error *err)
{
    uint64_t cost = cost_of(change->before) + cost_of(change->after);

    if (cost > view->budget)
        return 0;
    view->budget -= cost;
    return ot_diff_lines(view->diff, change, OT_DIFF_CONTEXT, view->lines ? OT_DIFF_LINES_MAX : 0,
                         out, err) < 0
               ? -1
               : 1;
}

static int compare(const struct values *values, const char *const *paths, struct ot_error *err)
{
    OT_AUTOCONTENT struct ot_content before = {0};
    OT_AUTOCONTENT struct ot_content after = {0};
    OT_AUTODIFF struct ot_diff diff = {0};
    struct ot_diff_view view = {.diff = &diff, .lines = values->lines, .budget = OT_DIFF_BUDGET};
    int done;

    if (ot_content_open(&before, paths[0], err) < 0 || ot_content_open(&after, paths[1], err) < 0 ||
        ot_diff(&before, &after, &diff, err) < 0)
        return -1;
    done = values->json       ? ot_diff_json(&view, err)
           : values->markdown ? ot_diff_markdown(&view, err)
                              : ot_diff_print(&view, err);
    if (done < 0)
        return -1;
    return diff.same ? 0 : OT_FAILED;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;

    if (values->json && values->markdown)
        return ot_fail(err, OT_USAGE, "--json and --markdown: only one of them can be printed");
    return compare(values, parsed->operands, err);
}

const struct ot_cli_command ot_cli_diff = {.command = &command, .group = "Check", .run = run};
