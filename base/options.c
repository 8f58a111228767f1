#include "base/options.h"

#include "base/instant.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static void *variable_of(const struct ot_option *option, void *values)
{
    return (char *)values + option->offset;
}

static const struct ot_option *find_option(const struct ot_command *command, struct ot_span name)
{
    for (const struct ot_option *option = command->options; option->name != NULL; option++) {
        if (ot_span_is(name, option->name))
            return option;
    }
    return NULL;
}

static int set_uint(const struct ot_option *option, const char *text, const char *where,
                    void *values, struct ot_error *err)
{
    uint64_t max = option->max != 0 ? option->max : OT_SAFE_INTEGER_MAX;
    uint64_t *number = variable_of(option, values);

    if (!ot_parse_uint(ot_span_of(text), max, number))
        return ot_fail(err, OT_USAGE, "%s: \"%.64s\" is not a number from 0 to %llu", where, text,
                       (unsigned long long)max);
    return 0;
}

static int set_decimal(const struct ot_option *option, const char *text, const char *where,
                       void *values, struct ot_error *err)
{
    uint64_t max = option->max != 0 ? option->max : OT_SAFE_INTEGER_MAX / 1000;

    if (!ot_parse_thousandths(ot_span_of(text), max, variable_of(option, values)))
        return ot_fail(err, OT_USAGE,
                       "%s: \"%.64s\" is not a number from 0 to %llu with at most three decimals",
                       where, text, (unsigned long long)max);
    return 0;
}

static int set_time(const struct ot_option *option, const char *text, const char *where,
                    void *values, struct ot_error *err)
{
    if (!ot_parse_time(text, variable_of(option, values)))
        return ot_fail(err, OT_USAGE,
                       "%s: \"%.64s\" is neither seconds since 1970 nor a time like "
                       "2027-01-31T12:00:00Z",
                       where, text);
    return 0;
}

/* Its words, separated by commas. */
static void put_choices(struct ot_buf *out, const struct ot_option *option)
{
    for (const char *const *choice = option->choices; *choice != NULL; choice++)
        ot_buf_printf(out, "%s%s", choice > option->choices ? ", " : "", *choice);
}

static int set_string(const struct ot_option *option, const char *text, const char *where,
                      void *values, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf words = {0};
    const char **string = variable_of(option, values);

    *string = text;
    if (option->choices == NULL)
        return 0;
    for (const char *const *choice = option->choices; *choice != NULL; choice++) {
        if (strcmp(*choice, text) == 0)
            return 0;
    }
    put_choices(&words, option);
    return ot_fail(err, OT_USAGE, "%s: \"%.64s\" is none of: %s", where, text, words.data);
}

/* "" is mostly a variable of a script that was not set. */
static bool is_missing_value(const struct ot_option *option, const char *text)
{
    return (option->type == OT_OPTION_STRING || option->type == OT_OPTION_LIST) &&
           !option->may_be_empty && *text == '\0';
}

static int set_value(const struct ot_option *option, const char *text, const char *where,
                     void *values, struct ot_error *err)
{
    if (is_missing_value(option, text))
        return ot_fail(err, OT_USAGE, "%s is empty", where);
    switch (option->type) {
    case OT_OPTION_FLAG:
        *(bool *)variable_of(option, values) = !option->negates;
        return 0;
    case OT_OPTION_STRING:
        return set_string(option, text, where, values, err);
    case OT_OPTION_LIST:
        ot_list_add(variable_of(option, values), text);
        return 0;
    case OT_OPTION_COMMAS:
        ot_list_split(variable_of(option, values), text);
        return 0;
    case OT_OPTION_UINT:
        return set_uint(option, text, where, values, err);
    case OT_OPTION_DECIMAL:
        return set_decimal(option, text, where, values, err);
    case OT_OPTION_TIME:
        return set_time(option, text, where, values, err);
    }
    return 0;
}

static void env_name(const struct ot_option *option, const char *prefix, char *out, size_t out_size)
{
    int written = snprintf(out, out_size, "%s%s", prefix, option->name);

    for (size_t i = strlen(prefix); written > 0 && out[i] != '\0'; i++)
        out[i] =
            out[i] == '-' ? '_' : (char)(out[i] >= 'a' && out[i] <= 'z' ? out[i] - 32 : out[i]);
}

/* A flag in the environment says yes or no in words. */
static int set_flag_from_env(const struct ot_option *option, const char *text, const char *name,
                             void *values, struct ot_error *err)
{
    static const char *const yes[] = {"1", "true", "yes", "on", NULL};
    static const char *const no[] = {"", "0", "false", "no", "off", NULL};

    for (size_t i = 0; yes[i] != NULL; i++) {
        if (strcmp(text, yes[i]) == 0)
            return set_value(option, NULL, name, values, err);
    }
    for (size_t i = 0; no[i] != NULL; i++) {
        if (strcmp(text, no[i]) == 0)
            return 0;
    }
    return ot_fail(err, OT_USAGE, "%s: \"%.64s\" is neither 1 nor 0", name, text);
}

/* The first of its names that is set; NULL: none. `name` gets it. */
static const char *find_in_environment(const struct ot_option *option, char *name, size_t size)
{
    static const char *const prefixes[] = {"ONETUBE_", "1TUBE_"};
    const char *text;

    for (size_t i = 0; i < OT_COUNT(prefixes); i++) {
        env_name(option, prefixes[i], name, size);
        text = getenv(name);
        if (text != NULL)
            return text;
    }
    if (option->alias == NULL)
        return NULL;
    snprintf(name, size, "%s", option->alias);
    return getenv(name);
}

static int read_environment(const struct ot_command *command, void *values, struct ot_error *err)
{
    for (const struct ot_option *option = command->options; option->name != NULL; option++) {
        char name[128];
        const char *text = find_in_environment(option, name, sizeof(name));

        if (text == NULL)
            continue;
        if ((option->type == OT_OPTION_FLAG ? set_flag_from_env(option, text, name, values, err)
                                            : set_value(option, text, name, values, err)) < 0)
            return -1;
    }
    return 0;
}

static int unknown_option(const struct ot_command *command, const char *word, size_t len,
                          struct ot_error *err)
{
    const char *words[OT_OPTIONS_MAX + 1];
    OT_AUTOFREE char *name = ot_strndup(word, len);
    const char *nearest;
    size_t count = 0;

    for (const struct ot_option *o = command->options; o->name != NULL && count < OT_OPTIONS_MAX;
         o++)
        words[count++] = o->name;
    words[count] = NULL;
    nearest = ot_nearest_word(name, words);
    if (nearest != NULL)
        return ot_fail(err, OT_USAGE, "unknown option --%.64s (did you mean --%s?)", name, nearest);
    return ot_fail(err, OT_USAGE, "unknown option --%.64s", name);
}

struct parser {
    const struct ot_command *command;
    void *values;
    struct ot_parsed *parsed;
};

/* The first time: what the command line says of a list replaces what the environment said. */
static void note_typed(struct parser *parser, const struct ot_option *option)
{
    bool *typed = &parser->parsed->typed[option - parser->command->options];
    bool is_list = option->type == OT_OPTION_LIST || option->type == OT_OPTION_COMMAS;

    if (is_list && !option->adds && !*typed)
        ot_list_free(variable_of(option, parser->values));
    *typed = true;
}

/* Reads the option at argv[0]; returns how many words it took, or -1. */
static int read_option(struct parser *parser, int argc, char **argv, struct ot_error *err)
{
    const char *word = argv[0] + 2;
    size_t len = strcspn(word, "=");
    const char *value = word[len] == '=' ? word + len + 1 : NULL;
    const struct ot_option *option = find_option(parser->command, (struct ot_span){word, len});
    char where[128];
    int used = 1;

    if (option == NULL)
        return unknown_option(parser->command, word, len, err);
    snprintf(where, sizeof(where), "--%s", option->name);
    if (option->type == OT_OPTION_FLAG) {
        if (value != NULL)
            return ot_fail(err, OT_USAGE, "%s takes no value", where);
    } else if (value == NULL) {
        if (argc < 2)
            return ot_fail(err, OT_USAGE, "%s needs a value: %s %s", where, where, option->value);
        value = argv[1];
        used = 2;
    }
    note_typed(parser, option);
    return set_value(option, value, where, parser->values, err) < 0 ? -1 : used;
}

static int check_operands(const struct ot_command *command, const struct ot_parsed *parsed,
                          struct ot_error *err)
{
    if (parsed->operand_count < command->min_operands)
        return ot_fail(err, OT_USAGE, "%s is missing", command->operands);
    if (parsed->operand_count > command->max_operands && command->max_operands == 0)
        return ot_fail(err, OT_USAGE, "unexpected word \"%.64s\"; this command takes options alone",
                       parsed->operands[0]);
    if (parsed->operand_count > command->max_operands)
        return ot_fail(err, OT_USAGE, "unexpected word \"%.64s\"",
                       parsed->operands[command->max_operands]);
    return 0;
}

static bool was_given(const struct ot_option *option, void *values)
{
    switch (option->type) {
    case OT_OPTION_STRING:
        return *(const char **)variable_of(option, values) != NULL;
    case OT_OPTION_LIST:
    case OT_OPTION_COMMAS:
        return ((const struct ot_list *)variable_of(option, values))->count > 0;
    case OT_OPTION_FLAG:
    case OT_OPTION_UINT:
    case OT_OPTION_DECIMAL:
    case OT_OPTION_TIME:
        break;
    }
    return true;
}

static int check_required(const struct ot_command *command, void *values, struct ot_error *err)
{
    for (const struct ot_option *option = command->options; option->name != NULL; option++) {
        if (option->required && !was_given(option, values))
            return ot_fail(err, OT_USAGE, "--%s is missing", option->name);
    }
    return 0;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
            return true;
    }
    return false;
}

int ot_options_parse(const struct ot_command *command, int argc, char **argv, void *values,
                     struct ot_parsed *parsed, struct ot_error *err)
{
    struct parser parser = {.command = command, .values = values, .parsed = parsed};
    bool only_operands = false;

    *parsed = (struct ot_parsed){.operands = (const char *const *)argv};
    parsed->help = asks_for_help(argc, argv);
    if (parsed->help)
        return 0;
    if (read_environment(command, values, err) < 0)
        return -1;
    for (int i = 0; i < argc;) {
        int used = 1;

        if (!only_operands && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (!only_operands && strncmp(argv[i], "--", 2) == 0) {
            used = read_option(&parser, argc - i, argv + i, err);
            if (used < 0)
                return -1;
        } else if (!only_operands && argv[i][0] == '-' && argv[i][1] != '\0') {
            return ot_fail(err, OT_USAGE, "unknown option %.64s", argv[i]);
        } else {
            argv[parsed->operand_count++] = argv[i];
        }
        i += used;
    }
    if (check_operands(command, parsed, err) < 0)
        return -1;
    return check_required(command, values, err);
}

void ot_options_free(const struct ot_command *command, void *values)
{
    for (const struct ot_option *option = command->options; option->name != NULL; option++) {
        if (option->type == OT_OPTION_LIST || option->type == OT_OPTION_COMMAS)
            ot_list_free(variable_of(option, values));
    }
}

bool ot_options_typed(const struct ot_command *command, const struct ot_parsed *parsed,
                      const char *name)
{
    const struct ot_option *option = find_option(command, ot_span_of(name));

    return option != NULL && parsed->typed[option - command->options];
}

static void break_line(FILE *out, unsigned indent)
{
    fprintf(out, "\n%*s", (int)indent, "");
}

/* Writes `text` wrapped at 78 columns, every line behind the first indented. */
static void print_wrapped(FILE *out, const char *text, unsigned column, unsigned indent)
{
    bool space = false; /* one is due before the next word of this line */

    while (*text != '\0') {
        size_t len = strcspn(text, " \n");

        if (column > indent && column + len + space > 78) {
            break_line(out, indent);
            column = indent;
            space = false;
        }
        fprintf(out, "%s%.*s", space ? " " : "", (int)len, text);
        column += (unsigned)(len + space);
        text += len;
        space = *text == ' ';
        if (*text == '\n') {
            break_line(out, indent);
            column = indent;
        }
        text += *text != '\0';
    }
    fputc('\n', out);
}

static void print_option(const struct ot_option *option, FILE *out)
{
    char left[64];
    char env[128];
    OT_AUTOBUF struct ot_buf help = {0};

    snprintf(left, sizeof(left), "  --%s%s%s", option->name, option->value ? " " : "",
             option->value ? option->value : "");
    env_name(option, "ONETUBE_", env, sizeof(env));
    ot_buf_puts(&help, option->help);
    if (option->choices != NULL) {
        ot_buf_puts(&help, " (one of: ");
        put_choices(&help, option);
        ot_buf_putc(&help, ')');
    }
    ot_buf_printf(&help, " [%s%s%s]", env, option->alias != NULL ? ", " : "",
                  option->alias != NULL ? option->alias : "");
    if (strlen(left) < 28)
        fprintf(out, "%-28s", left);
    else
        fprintf(out, "%s\n%28s", left, "");
    print_wrapped(out, help.data, 28, 28);
}

void ot_options_help(const struct ot_command *command, const char *program, FILE *out)
{
    fprintf(out, "Usage: %s%s%s%s%s [options]\n\n", program, command->name ? " " : "",
            command->name ? command->name : "", *command->operands ? " " : "", command->operands);
    print_wrapped(out, command->description, 0, 0);
    fprintf(out, "\nOptions (and their environment names):\n");
    for (const struct ot_option *option = command->options; option->name != NULL; option++)
        print_option(option, out);
    fprintf(out, "  %-26s%s\n", "-h, --help", "show this");
    if (command->example != NULL)
        fprintf(out, "\nExample:\n%s\n", command->example);
}
