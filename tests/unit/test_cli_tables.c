/* Walks every command and option of both programs: help is there, names are valid and given once.
 */
#include "tests/unit/unit.h"

#include "base/text.h"
#include "cli/cli.h"
#include "serve-min/serve.h"

#include <ctype.h>
#include <string.h>

/* Lower-case words joined by single dashes. */
static bool is_option_name(const char *name)
{
    if (!islower((unsigned char)*name))
        return false;
    for (const char *c = name; *c != '\0'; c++) {
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) &&
            (*c != '-' || c[1] == '-' || c[1] == '\0'))
            return false;
    }
    return true;
}

static size_t size_of(enum ot_option_type type)
{
    switch (type) {
    case OT_OPTION_FLAG:
        return sizeof(bool);
    case OT_OPTION_STRING:
        return sizeof(const char *);
    case OT_OPTION_LIST:
    case OT_OPTION_COMMAS:
        return sizeof(struct ot_list);
    case OT_OPTION_UINT:
    case OT_OPTION_DECIMAL:
    case OT_OPTION_TIME:
        return sizeof(uint64_t);
    }
    return 0;
}

static void check_option(const struct ot_command *command, const struct ot_option *option)
{
    char twin[128];
    size_t len;

    assert_true(is_option_name(option->name));
    snprintf(twin, sizeof(twin), "ONETUBE_%s", option->name);
    for (char *c = twin; *c != '\0'; c++)
        *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
    assert_true(ot_is_env_name(ot_span_of(twin)));
    assert_non_null(option->help);
    len = strlen(option->help);
    assert_true(len > 10);
    if (option->help[len - 1] == '.')
        fail_msg("--%s: its help ends with a full stop", option->name);
    assert_int_equal(option->type == OT_OPTION_FLAG, option->value == NULL);
    assert_true(!option->negates || option->type == OT_OPTION_FLAG);
    assert_true((size_t)(option - command->options) < OT_OPTIONS_MAX);
    assert_true(!option->adds || option->type == OT_OPTION_LIST ||
                option->type == OT_OPTION_COMMAS);
    assert_true(!option->may_be_empty || option->type == OT_OPTION_STRING);
    assert_true(option->choices == NULL || option->type == OT_OPTION_STRING);
    assert_true(option->max == 0 || option->type == OT_OPTION_UINT ||
                option->type == OT_OPTION_DECIMAL);
    assert_true(option->offset + size_of(option->type) <= command->options_size);
    for (const struct ot_option *other = command->options; other != option; other++) {
        if (strcmp(other->name, option->name) == 0)
            fail_msg("--%s stands twice", option->name);
        /* two options never share a variable */
        assert_true(other->offset + size_of(other->type) <= option->offset ||
                    option->offset + size_of(option->type) <= other->offset);
    }
}

static void check_command(const struct ot_command *command)
{
    assert_non_null(command->operands);
    assert_true(strlen(command->summary) > 10);
    assert_true(strlen(command->description) > 40);
    assert_non_null(command->example);
    assert_true(command->min_operands <= command->max_operands);
    assert_int_equal(command->max_operands > 0, *command->operands != '\0');
    for (const struct ot_option *option = command->options; option->name != NULL; option++)
        check_option(command, option);
}

/* One word, or two; a first word of two is no command by itself. */
static void check_name(const char *name)
{
    const char *second = ot_cli_second_word(name);
    OT_AUTOFREE char *first =
        second != NULL ? ot_strndup(name, (size_t)(second - 1 - name)) : ot_strdup(name);
    char *words[] = {first, (char *)(uintptr_t)second, first};
    int used;

    assert_true(is_option_name(first));
    assert_int_equal(ot_cli_is_family(first), second != NULL);
    assert_true(second == NULL || (is_option_name(second) && ot_cli_find(first) == NULL));
    assert_ptr_equal(ot_cli_match(second != NULL ? 3 : 1, words, &used), ot_cli_find(name));
    assert_int_equal(used, second != NULL ? 2 : 1);
    assert_true(second == NULL || ot_cli_match(1, words, &used) == NULL);
}

static void test_onetube(void **state)
{
    size_t count = 0;

    (void)state;
    for (; ot_cli_commands[count] != NULL; count++) {
        const struct ot_cli_command *entry = ot_cli_commands[count];

        assert_non_null(entry->run);
        assert_non_null(entry->group);
        check_name(entry->command->name);
        assert_non_null(strstr(entry->command->example, entry->command->name));
        check_command(entry->command);
        assert_ptr_equal(ot_cli_find(entry->command->name), entry);
    }
    assert_true(count >= 8);
    assert_null(ot_cli_find("biuld"));
    assert_null(ot_cli_find(""));
}

static void test_onetube_serve(void **state)
{
    (void)state;
    assert_null(ot_serve_command.name);
    check_command(&ot_serve_command);
}

/* What `onetube package --functions` takes is what `onetube build` takes, but for --analyze, which
 * changes only what build says. */
static void test_package_builds_alike(void **state)
{
    const struct ot_command *package = ot_cli_find("package")->command;

    (void)state;
    for (const struct ot_option *option = ot_cli_find("build")->command->options;
         option->name != NULL; option++) {
        const struct ot_option *same = package->options;

        if (strcmp(option->name, "analyze") == 0)
            continue;
        while (same->name != NULL && strcmp(same->name, option->name) != 0)
            same++;
        if (same->name == NULL || same->type != option->type)
            fail_msg("onetube package has no --%s", option->name);
    }
}

/* What cannot be left out is said by the table, for the help and the man page too. */
static void test_required(void **state)
{
    static const struct {
        const char *command, *option;
        bool required;
    } rows[] = {
        {"build", "functions", true},    {"build", "out", true},   {"package", "out", true},
        {"package", "functions", false}, {"package", "in", false}, {"unpack", "out", true},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        const struct ot_option *option = ot_cli_find(rows[i].command)->command->options;

        while (strcmp(option->name, rows[i].option) != 0)
            option++;
        if (option->required != rows[i].required)
            fail_msg("%s --%s", rows[i].command, rows[i].option);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onetube),
        cmocka_unit_test(test_onetube_serve),
        cmocka_unit_test(test_package_builds_alike),
        cmocka_unit_test(test_required),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
