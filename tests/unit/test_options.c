#include "tests/unit/unit.h"

#include "base/options.h"

#include <string.h>

struct values {
    bool loud;
    bool splitting;
    const char *out;
    const char *mode;
    struct ot_list keys;
    struct ot_list names;
    struct ot_list revoked;
    const char *prefix;
    uint64_t count;
    uint64_t megabytes;
};

static const char *const modes[] = {"none", "linked", NULL};

static const struct ot_option options[] = {
    {.name = "loud",
     .help = "be loud",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, loud)},
    {.name = "no-splitting",
     .help = "one file each",
     .type = OT_OPTION_FLAG,
     .negates = true,
     .offset = offsetof(struct values, splitting)},
    {.name = "out",
     .value = "FILE",
     .help = "where to",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, out)},
    {.name = "mode",
     .value = "WORD",
     .help = "how",
     .type = OT_OPTION_STRING,
     .choices = modes,
     .offset = offsetof(struct values, mode)},
    {.name = "sign-key",
     .value = "KEY",
     .help = "who",
     .type = OT_OPTION_LIST,
     .offset = offsetof(struct values, keys)},
    {.name = "only",
     .value = "A,B",
     .help = "which",
     .type = OT_OPTION_COMMAS,
     .offset = offsetof(struct values, names)},
    {.name = "count",
     .value = "N",
     .help = "how many",
     .type = OT_OPTION_UINT,
     .max = 20,
     .alias = "COUNT_OF_THINGS",
     .offset = offsetof(struct values, count)},
    {.name = "body-limit-mb",
     .value = "N",
     .help = "how large",
     .type = OT_OPTION_DECIMAL,
     .max = 30,
     .offset = offsetof(struct values, megabytes)},
    {.name = "revoked",
     .value = "KEY",
     .help = "who not",
     .type = OT_OPTION_LIST,
     .adds = true,
     .offset = offsetof(struct values, revoked)},
    {.name = "prefix",
     .value = "PATH",
     .help = "below what",
     .type = OT_OPTION_STRING,
     .may_be_empty = true,
     .offset = offsetof(struct values, prefix)},
    {0},
};

static const struct ot_command try = {
    .name = "try",
    .operands = "FILE",
    .summary = "tries",
    .description = "Tries it.",
    .example = "  try it",
    .min_operands = 1,
    .max_operands = 2,
    .options = options,
    .options_size = sizeof(struct values),
};

static const struct ot_option needed_options[] = {
    {.name = "out",
     .value = "FILE",
     .help = "where to",
     .type = OT_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct values, out)},
    {.name = "sign-key",
     .value = "KEY",
     .help = "who",
     .type = OT_OPTION_LIST,
     .required = true,
     .offset = offsetof(struct values, keys)},
    {.name = "only",
     .value = "A,B",
     .help = "which",
     .type = OT_OPTION_COMMAS,
     .required = true,
     .offset = offsetof(struct values, names)},
    {0},
};

/* The same operands, but nothing may be left out. */
static const struct ot_command needy = {
    .name = "need",
    .operands = "FILE",
    .summary = "needs",
    .description = "Needs it.",
    .min_operands = 1,
    .max_operands = 2,
    .options = needed_options,
    .options_size = sizeof(struct values),
};

static int parse_as(const struct ot_command *command, const char *line, struct values *values,
                    struct ot_parsed *parsed, struct ot_error *err)
{
    static char copy[512];
    static char *words[32];
    int count = 0;

    *values = (struct values){.splitting = true};
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *at = copy; *at != '\0';) {
        words[count++] = at;
        at += strcspn(at, " ");
        if (*at != '\0')
            *at++ = '\0';
    }
    return ot_options_parse(command, count, words, values, parsed, err);
}

static int parse(const char *line, struct values *values, struct ot_parsed *parsed,
                 struct ot_error *err)
{
    return parse_as(&try, line, values, parsed, err);
}

static void all_kinds(void **state)
{
    struct ot_error err = {0};
    struct ot_parsed parsed;
    struct values values;

    (void)state;
    assert_succeeds(
        parse("a --loud --no-splitting --out=x=y --mode linked --sign-key k1 --sign-key k2 "
              "--only a,b --only c --count 20 -- --b",
              &values, &parsed, &err),
        err);
    assert_true(values.loud);
    assert_false(values.splitting);
    assert_string_equal(values.out, "x=y");
    assert_string_equal(values.mode, "linked");
    assert_int_equal(values.keys.count, 2);
    assert_string_equal(values.keys.items[1], "k2");
    assert_int_equal(values.names.count, 3);
    assert_int_equal(values.count, 20);
    assert_int_equal(parsed.operand_count, 2);
    assert_string_equal(parsed.operands[0], "a");
    assert_string_equal(parsed.operands[1], "--b");
    ot_options_free(&try, &values);
}

static void errors(void **state)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"", "FILE is missing"},
        {"a b c", "unexpected word \"c\""},
        {"a --luod", "unknown option --luod (did you mean --loud?)"},
        {"a --xyzzy", "unknown option --xyzzy"},
        {"a -x", "unknown option -x"},
        {"a --out", "--out needs a value: --out FILE"},
        {"a --loud=1", "--loud takes no value"},
        {"a --count abc", "--count: \"abc\" is not a number from 0 to 20"},
        {"a --count 21", "--count: \"21\" is not a number from 0 to 20"},
        {"a --count -1", "--count: \"-1\" is not a number from 0 to 20"},
        {"a --out=", "--out is empty"},
        {"a --sign-key k --sign-key=", "--sign-key is empty"},
        {"a --revoked=", "--revoked is empty"},
        {"a --mode some", "--mode: \"some\" is none of: none, linked"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_error err = {0};
        struct ot_parsed parsed;
        struct values values;

        assert_int_equal(parse(cases[i].line, &values, &parsed, &err), -1);
        assert_int_equal(err.kind, OT_USAGE);
        assert_string_equal(err.message, cases[i].message);
        ot_options_free(&try, &values);
    }
}

static void required(void **state)
{
    static const struct {
        const char *line, *message; /* NULL: it succeeds */
    } cases[] = {
        {"", "FILE is missing"},
        {"a", "--out is missing"},
        {"a --out x --only b", "--sign-key is missing"},
        {"a --out x --sign-key k", "--only is missing"},
        {"a --out x --sign-key k --only ,", "--only is missing"},
        {"a --out x --sign-key k --only b", NULL},
        {"--help", NULL},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_error err = {0};
        struct ot_parsed parsed;
        struct values values;
        int done = parse_as(&needy, cases[i].line, &values, &parsed, &err);

        assert_int_equal(done, cases[i].message != NULL ? -1 : 0);
        assert_string_equal(err.message, cases[i].message != NULL ? cases[i].message : "");
        assert_int_equal(err.kind, cases[i].message != NULL ? OT_USAGE : OT_NONE);
        ot_options_free(&needy, &values);
    }
    setenv("ONETUBE_OUT", "from-env", 1);
    {
        struct ot_error err = {0};
        struct ot_parsed parsed;
        struct values values;

        assert_succeeds(parse_as(&needy, "a --sign-key k --only b", &values, &parsed, &err), err);
        assert_string_equal(values.out, "from-env");
        ot_options_free(&needy, &values);
    }
    unsetenv("ONETUBE_OUT");
}

static void environment(void **state)
{
    struct ot_error err = {0};
    struct ot_parsed parsed;
    struct values values;

    (void)state;
    setenv("ONETUBE_COUNT", "3", 1);
    setenv("1TUBE_COUNT", "4", 1);
    setenv("1TUBE_SIGN_KEY", "from-env", 1);
    setenv("ONETUBE_LOUD", "true", 1);
    assert_succeeds(parse("a", &values, &parsed, &err), err);
    assert_int_equal(values.count, 3);
    assert_true(values.loud);
    assert_string_equal(values.keys.items[0], "from-env");
    ot_options_free(&try, &values);
    assert_succeeds(parse("a --count 5 --sign-key one --sign-key two", &values, &parsed, &err),
                    err);
    assert_int_equal(values.count, 5);
    assert_int_equal(values.keys.count, 2);
    assert_string_equal(values.keys.items[0], "one");
    ot_options_free(&try, &values);
    setenv("ONETUBE_COUNT", "many", 1);
    assert_int_equal(parse("a", &values, &parsed, &err), -1);
    assert_string_equal(err.message, "ONETUBE_COUNT: \"many\" is not a number from 0 to 20");
    ot_options_free(&try, &values);
    unsetenv("ONETUBE_COUNT");
    unsetenv("1TUBE_COUNT");
    unsetenv("1TUBE_SIGN_KEY");
    unsetenv("ONETUBE_LOUD");
}

/* What the environment forbids, a command line cannot allow again. */
static void adding_to_the_environment(void **state)
{
    struct ot_error err = {0};
    struct ot_parsed parsed;
    struct values values;

    (void)state;
    setenv("ONETUBE_REVOKED", "old", 1);
    assert_succeeds(parse("a --revoked one --revoked two", &values, &parsed, &err), err);
    assert_int_equal(values.revoked.count, 3);
    assert_string_equal(values.revoked.items[0], "old");
    assert_string_equal(values.revoked.items[2], "two");
    ot_options_free(&try, &values);
    setenv("ONETUBE_REVOKED", "", 1);
    assert_int_equal(parse("a --revoked one", &values, &parsed, &err), -1);
    assert_string_equal(err.message, "ONETUBE_REVOKED is empty");
    ot_options_free(&try, &values);
    unsetenv("ONETUBE_REVOKED");
    setenv("ONETUBE_PREFIX", "", 1);
    assert_succeeds(parse("a", &values, &parsed, &err), err);
    assert_string_equal(values.prefix, "");
    unsetenv("ONETUBE_PREFIX");
}

static void decimals(void **state)
{
    static const char *const bad[] = {"30.001", "1.2345", "1.", ".5", "-1",
                                      "1e3",    "31",     "x",  "1,5"};
    struct ot_error err = {0};
    struct ot_parsed parsed;
    struct values values;

    (void)state;
    assert_succeeds(parse("a --body-limit-mb 0.05", &values, &parsed, &err), err);
    assert_int_equal(values.megabytes, 50);
    assert_succeeds(parse("a --body-limit-mb 30.000", &values, &parsed, &err), err);
    assert_int_equal(values.megabytes, 30000);
    for (size_t i = 0; i < OT_COUNT(bad); i++) {
        char line[64];

        snprintf(line, sizeof(line), "a --body-limit-mb=%s", bad[i]);
        assert_int_equal(parse(line, &values, &parsed, &err), -1);
        assert_int_equal(err.kind, OT_USAGE);
    }
}

/* The names that an option has in the environment, the nearest to it first. */
static void aliases(void **state)
{
    static const struct {
        const char *name;
        unsigned value;
    } rows[] = {{"COUNT_OF_THINGS", 5}, {"1TUBE_COUNT", 6}, {"ONETUBE_COUNT", 7}};
    struct ot_error err = {0};
    struct ot_parsed parsed;
    struct values values;

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        char text[8];

        snprintf(text, sizeof(text), "%u", rows[i].value);
        setenv(rows[i].name, text, 1);
        assert_succeeds(parse("a", &values, &parsed, &err), err);
        assert_int_equal(values.count, rows[i].value);
        assert_false(ot_options_typed(&try, &parsed, "count"));
    }
    assert_succeeds(parse("a --count 8", &values, &parsed, &err), err);
    assert_int_equal(values.count, 8);
    for (size_t i = 0; i < OT_COUNT(rows); i++)
        unsetenv(rows[i].name);
    setenv("COUNT_OF_THINGS", "21", 1);
    assert_int_equal(parse("a", &values, &parsed, &err), -1);
    assert_non_null(strstr(err.message, "COUNT_OF_THINGS"));
    unsetenv("COUNT_OF_THINGS");
}

static void typed(void **state)
{
    static const char *const words[] = {"loud", "sign-key", "count", "prefix"};
    struct ot_error err = {0};
    struct ot_parsed parsed;
    struct values values;

    (void)state;
    setenv("ONETUBE_OUT", "from-env", 1);
    setenv("ONETUBE_SIGN_KEY", "from-env", 1);
    assert_succeeds(parse("a --loud --sign-key k --count=0 --prefix=", &values, &parsed, &err),
                    err);
    for (size_t i = 0; i < OT_COUNT(words); i++)
        assert_true(ot_options_typed(&try, &parsed, words[i]));
    assert_false(ot_options_typed(&try, &parsed, "out"));
    assert_false(ot_options_typed(&try, &parsed, "mode"));
    assert_false(ot_options_typed(&try, &parsed, "no-such-option"));
    ot_options_free(&try, &values);
    unsetenv("ONETUBE_OUT");
    unsetenv("ONETUBE_SIGN_KEY");
}

static void help(void **state)
{
    struct ot_error err = {0};
    struct ot_parsed parsed;
    struct values values;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_succeeds(parse("a b c --nonsense -h", &values, &parsed, &err), err);
    assert_true(parsed.help);
    ot_options_help(&try, "onetube", out);
    fclose(out);
    assert_non_null(strstr(text, "Usage: onetube try FILE [options]"));
    assert_non_null(strstr(text, "--sign-key KEY"));
    assert_non_null(strstr(text, "ONETUBE_SIGN_KEY"));
    assert_non_null(strstr(text, "how (one of: none, linked) [ONETUBE_MODE]"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds),
        cmocka_unit_test(errors),
        cmocka_unit_test(required),
        cmocka_unit_test(environment),
        cmocka_unit_test(adding_to_the_environment),
        cmocka_unit_test(decimals),
        cmocka_unit_test(aliases),
        cmocka_unit_test(typed),
        cmocka_unit_test(help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
