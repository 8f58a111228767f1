#include "cli/man.h"

/* One character, so that roff shows it as it is. */
static void put_char(FILE *out, char c)
{
    switch (c) {
    case '\\':
        fputs("\\e", out);
        break;
    case '-':
        fputs("\\-", out);
        break;
    case '\'':
        fputs("\\(aq", out);
        break;
    case '`':
        fputs("\\(ga", out);
        break;
    case '^':
        fputs("\\(ha", out);
        break;
    case '~':
        fputs("\\(ti", out);
        break;
    case '"':
        fputs("\\(dq", out);
        break;
    default:
        fputc(c, out);
    }
}

static void put_chars(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        put_char(out, *text);
}

/*
 * Text with its line ends; a line never begins with a control character of roff. Ends with
 * a line end.
 */
static void put_lines(FILE *out, const char *text, const char *paragraph)
{
    bool line_start = true;

    for (; *text != '\0'; text++) {
        if (paragraph != NULL && text[0] == '\n' && text[1] == '\n') {
            fprintf(out, "\n%s\n", paragraph);
            text++;
            line_start = true;
            continue;
        }
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        put_char(out, *text);
        line_start = *text == '\n';
    }
    fputc('\n', out);
}

static void put_title(FILE *out, const char *macro, const char *title)
{
    fprintf(out, "%s \"", macro);
    put_chars(out, title);
    fputs("\"\n", out);
}

/* "\fB\-\-name\fR \fIVALUE\fR" */
static void put_option(FILE *out, const struct ot_option *option)
{
    fputs(".TP\n\\fB\\-\\-", out);
    put_chars(out, option->name);
    fputs("\\fR", out);
    if (option->value != NULL) {
        fputs(" \\fI", out);
        put_chars(out, option->value);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    put_lines(out, option->help, NULL);
    if (option->alias != NULL) {
        fputs("(in the environment also ", out);
        put_chars(out, option->alias);
        fputs(")\n", out);
    }
}

static void put_options(FILE *out, const struct ot_command *command)
{
    for (const struct ot_option *option = command->options; option->name != NULL; option++)
        put_option(out, option);
    fputs(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nshow a short description of the options\n", out);
}

static void put_example(FILE *out, const char *example)
{
    fputs(".PP\n.nf\n", out);
    put_lines(out, example, NULL);
    fputs(".fi\n", out);
}

static void put_synopsis(FILE *out, const struct ot_man_page *page)
{
    put_title(out, ".SH", "SYNOPSIS");
    for (size_t i = 0; page->commands[i] != NULL; i++) {
        const struct ot_command *command = page->commands[i];

        fputs(i > 0 ? ".br\n\\fB" : "\\fB", out);
        put_chars(out, page->program);
        if (command->name != NULL) {
            fputc(' ', out);
            put_chars(out, command->name);
        }
        fputs("\\fR", out);
        if (*command->operands != '\0') {
            fputs(" \\fI", out);
            put_chars(out, command->operands);
            fputs("\\fR", out);
        }
        fputs(" [\\fIoptions\\fR]\n", out);
    }
}

static void put_command(FILE *out, const struct ot_man_page *page, const struct ot_command *command)
{
    char title[128];

    snprintf(title, sizeof(title), "%s %s%s%s", page->program, command->name,
             *command->operands != '\0' ? " " : "", command->operands);
    put_title(out, ".SS", title);
    put_lines(out, command->description, ".PP");
    put_options(out, command);
    if (command->example != NULL)
        put_example(out, command->example);
}

static void put_section(FILE *out, const struct ot_man_section *section)
{
    put_title(out, ".SH", section->title);
    if (section->text != NULL)
        put_lines(out, section->text, ".PP");
    for (const struct ot_man_item *item = section->items; item != NULL && item->tag != NULL;
         item++) {
        fputs(".TP\n\\fB", out);
        put_chars(out, item->tag);
        fputs("\\fR\n", out);
        put_lines(out, item->text, ".IP");
    }
}

static void put_heading(FILE *out, const struct ot_man_page *page)
{
    fputs(".TH \"", out);
    for (const char *c = page->program; *c != '\0'; c++)
        put_char(out, (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
    fprintf(out, "\" \"1\" \"\" \"onetube %s\" \"User Commands\"\n", page->version);
    put_title(out, ".SH", "NAME");
    put_chars(out, page->program);
    fputs(" \\- ", out);
    put_lines(out, page->summary, NULL);
}

void ot_man_write(const struct ot_man_page *page, FILE *out)
{
    put_heading(out, page);
    put_synopsis(out, page);
    put_title(out, ".SH", "DESCRIPTION");
    put_lines(out, page->description, ".PP");
    if (page->commands[0]->name == NULL) {
        put_title(out, ".SH", "OPTIONS");
        put_options(out, page->commands[0]);
    } else {
        put_title(out, ".SH", "COMMANDS");
        for (size_t i = 0; page->commands[i] != NULL; i++)
            put_command(out, page, page->commands[i]);
    }
    for (const struct ot_man_section *section = page->sections; section->title != NULL; section++)
        put_section(out, section);
    if (page->commands[0]->name == NULL && page->commands[0]->example != NULL) {
        put_title(out, ".SH", "EXAMPLES");
        put_example(out, page->commands[0]->example);
    }
}
