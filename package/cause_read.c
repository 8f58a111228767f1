#include "package/cause_parts.h"

#include "package/diff_side.h"

#include <string.h>

/* -- the same but for something ---------------------------------------------------------------- */

static void append_without_cr(struct ot_buf *out, struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\r')
            continue;
        if (text.data[i] == '\\' && i + 1 < text.len && text.data[i + 1] == 'r')
            i++;
        else
            ot_buf_putc(out, text.data[i]);
    }
}

bool ot_read_same_but_cr(struct ot_span before, struct ot_span after)
{
    OT_AUTOBUF struct ot_buf left = {0};
    OT_AUTOBUF struct ot_buf right = {0};

    append_without_cr(&left, before);
    append_without_cr(&right, after);
    return ot_span_equal(ot_buf_span(&left), ot_buf_span(&right));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || is_digit(c);
}

/* Without the digits that end a name: esbuild numbers names that are there twice. */
static void append_without_numbers(struct ot_buf *out, struct ot_span text)
{
    for (size_t i = 0; i < text.len;) {
        size_t end = i, kept;

        while (end < text.len && is_word(text.data[end]))
            end++;
        kept = end;
        if (end > i && !is_digit(text.data[i])) {
            while (is_digit(text.data[kept - 1]))
                kept--;
        }
        ot_buf_append(out, text.data + i, kept - i);
        if (end == i)
            ot_buf_putc(out, text.data[end++]);
        i = end;
    }
}

static bool same_but_numbers(struct ot_span before, struct ot_span after)
{
    OT_AUTOBUF struct ot_buf left = {0};
    OT_AUTOBUF struct ot_buf right = {0};

    append_without_numbers(&left, before);
    append_without_numbers(&right, after);
    return ot_span_equal(ot_buf_span(&left), ot_buf_span(&right));
}

bool ot_read_other_import(struct ot_span before, struct ot_span after, struct ot_span went,
                          struct ot_span came)
{
    OT_AUTOBUF struct ot_buf old = {0};
    OT_AUTOBUF struct ot_buf new = {0};
    OT_AUTOBUF struct ot_buf left = {0};
    OT_AUTOBUF struct ot_buf right = {0};

    ot_module_stem(went, &old);
    ot_module_stem(came, &new);
    ot_append_without(&left, before, ot_buf_span(&old));
    ot_append_without(&right, after, ot_buf_span(&new));
    return old.len > 0 && new.len > 0 && same_but_numbers(ot_buf_span(&left), ot_buf_span(&right));
}

/* -- what is in one and not in the other ------------------------------------------------------- */

static bool holds(struct ot_span text, const char *word)
{
    return text.len > 0 && memmem(text.data, text.len, word, strlen(word)) != NULL;
}

static bool has_path_of(struct ot_span before, struct ot_span after, const struct ot_list *roots)
{
    for (size_t i = 0; i < roots->count; i++) {
        if (holds(after, roots->items[i]) && !holds(before, roots->items[i]))
            return true;
    }
    return false;
}

/* What esbuild writes one way or the other, as a settings file says. */
static const struct {
    const char *mark, *what;
} settings[] = {
    {"React.createElement(", "how JSX is compiled (\"jsx\" in deno.json or tsconfig.json)"},
    {"import_jsx_", "how JSX is compiled (\"jsx\" in deno.json or tsconfig.json)"},
    {" jsx(", "how JSX is compiled (\"jsx\" in deno.json or tsconfig.json)"},
    {"__publicField(",
     "how class fields are compiled (\"useDefineForClassFields\" or \"target\" in tsconfig.json)"},
    {"__decorateClass(", "which decorators there are (\"experimentalDecorators\")"},
    {"__decorateElement(", "which decorators there are (\"experimentalDecorators\")"},
};

static const char *other_setting(struct ot_span before, struct ot_span after)
{
    for (size_t i = 0; i < OT_COUNT(settings); i++) {
        if (holds(before, settings[i].mark) != holds(after, settings[i].mark))
            return settings[i].what;
    }
    return NULL;
}

enum ot_reading ot_read_change(struct ot_span before, struct ot_span after,
                               const struct ot_list *roots, const char **what)
{
    if (ot_read_same_but_cr(before, after))
        return OT_READ_LINE_ENDINGS;
    if (same_but_numbers(before, after))
        return OT_READ_NUMBERS;
    if (has_path_of(before, after, roots))
        return OT_READ_PATH;
    *what = other_setting(before, after);
    return *what != NULL ? OT_READ_SETTING : OT_READ_CODE;
}
