/* The program around the table of commands. */
#include "cli/cli.h"
#include "cli/output.h"

#include "base/process.h"
#include "base/text.h"

#include <string.h>

static void print_command(FILE *out, const struct ot_cli_command *entry)
{
    fprintf(out, "  %-14s%s\n", entry->command->name, entry->command->summary);
}

static void print_groups(FILE *out)
{
    const char *group = "";

    for (size_t i = 0; ot_cli_commands[i] != NULL; i++) {
        const struct ot_cli_command *entry = ot_cli_commands[i];

        if (strcmp(group, entry->group) != 0)
            fprintf(out, "\n%s:\n", entry->group);
        group = entry->group;
        print_command(out, entry);
    }
}

/* The commands whose names begin with this word. */
static void print_family(const char *word, FILE *out)
{
    OT_AUTOFREE char *start = ot_asprintf("%s ", word);

    fprintf(out, "Usage: onetube %s COMMAND [options]\n\n", word);
    for (size_t i = 0; ot_cli_commands[i] != NULL; i++) {
        if (ot_span_starts(ot_span_of(ot_cli_commands[i]->command->name), start))
            print_command(out, ot_cli_commands[i]);
    }
}

static void print_usage(FILE *out)
{
    fputs(
        "Usage: onetube COMMAND [options]\n\n"
        "Turns a folder of edge functions into one signed file, and boots that file only if it is\n"
        "exactly what was signed.\n",
        out);
    print_groups(out);
    fputs("\nHelp:\n"
          "  help          show this, or with a command its options (onetube COMMAND -h)\n"
          "  --version     show the version\n"
          "\nEnvironment:\n"
          "  ONETUBE_OPTION  gives --option; a list on the command line replaces it,\n"
          "                  but --revoked adds to it\n"
          "  NO_COLOR, CI    no colour and no progress\n"
          "\nExit status: 0 done, 1 failed, 2 usage, 3 verification refused it,\n"
          "4 a tool that onetube runs is missing or failed, 78 not fit to serve.\n",
          out);
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

/* `argv[0]`, or the first two words where the first is shared by several commands. */
static int unknown_command(int argc, char **argv, struct ot_error *err)
{
    const char *words[OT_CLI_COMMANDS_MAX + 2] = {"help"};
    OT_AUTOFREE char *name = argc > 1 && ot_cli_is_family(argv[0])
                                 ? ot_asprintf("%s %s", argv[0], argv[1])
                                 : ot_strdup(argv[0]);
    const char *nearest;

    for (size_t i = 0; i < OT_CLI_COMMANDS_MAX && ot_cli_commands[i] != NULL; i++)
        words[i + 1] = ot_cli_commands[i]->command->name;
    nearest = ot_nearest_word(name, words);
    if (nearest != NULL)
        return ot_fail(err, OT_USAGE, "unknown command \"%.64s\" (did you mean %s?)", name,
                       nearest);
    return ot_fail(err, OT_USAGE, "unknown command \"%.64s\" (onetube help lists them)", name);
}

static int show_help(int argc, char **argv, struct ot_error *err)
{
    const struct ot_cli_command *entry;
    int words;

    if (argc == 0 || (argc == 1 && strcmp(argv[0], "help") == 0)) {
        print_usage(stdout);
        return 0;
    }
    if (argc == 1 && ot_cli_is_family(argv[0])) {
        print_family(argv[0], stdout);
        return 0;
    }
    entry = ot_cli_match(argc, argv, &words);
    if (argc > words)
        return ot_fail(err, OT_USAGE, "unexpected word \"%.64s\"", argv[words]);
    if (entry == NULL)
        return unknown_command(argc, argv, err);
    ot_options_help(entry->command, "onetube", stdout);
    return 0;
}

static int run_command(const struct ot_cli_command *entry, int argc, char **argv,
                       struct ot_error *err)
{
    const struct ot_command *command = entry->command;
    OT_AUTOFREE void *values = ot_alloc(1, command->options_size);
    struct ot_parsed parsed;
    int done = 0;

    if (entry->defaults != NULL)
        entry->defaults(values);
    if (ot_options_parse(command, argc, argv, values, &parsed, err) < 0)
        done = -1;
    else if (parsed.help)
        ot_options_help(command, "onetube", stdout);
    else
        done = entry->run(values, &parsed, err);
    ot_options_free(command, values);
    return done;
}

/* A word that several commands share, alone or with a request for help. */
static int dispatch_family(int argc, char **argv, struct ot_error *err)
{
    if (argc > 2 && asks_for_help(argv[2]))
        return show_help(1, argv + 1, err);
    if (argc > 2)
        return unknown_command(argc - 1, argv + 1, err);
    print_family(argv[1], stderr);
    return ot_fail(err, OT_USAGE, "a command is missing behind \"%s\"", argv[1]);
}

/* `*name` becomes the command's name once it is known. */
static int dispatch(int argc, char **argv, const char **name, struct ot_error *err)
{
    const struct ot_cli_command *entry;
    const char *word = argc > 1 ? argv[1] : "";
    int words;

    if (argc < 2) {
        print_usage(stderr);
        return ot_fail(err, OT_USAGE, "a command is missing");
    }
    if (asks_for_help(word) || strcmp(word, "help") == 0)
        return show_help(argc - 2, argv + 2, err);
    if (strcmp(word, "--version") == 0) {
        if (argc > 2)
            return ot_fail(err, OT_USAGE, "unexpected word \"%.64s\"", argv[2]);
        printf("onetube %s\n", OT_VERSION);
        return 0;
    }
    entry = ot_cli_match(argc - 1, argv + 1, &words);
    if (entry == NULL && ot_cli_is_family(word))
        return dispatch_family(argc, argv, err);
    if (entry == NULL)
        return word[0] == '-' ? ot_fail(err, OT_USAGE, "unknown option %.64s", word)
                              : unknown_command(argc - 1, argv + 1, err);
    *name = entry->command->name;
    return run_command(entry, argc - 1 - words, argv + 1 + words, err);
}

int ot_cli_main(int argc, char **argv)
{
    struct ot_error err = {.kind = OT_NONE};
    const char *name = NULL;
    int done;

    ot_open_standard_streams();
    done = dispatch(argc, argv, &name, &err);
    if (done < 0)
        (void)fflush(stdout);
    else if (ot_flush_stdout(&err) < 0)
        done = -1;
    if (done < 0)
        ot_out_error(name, &err);
    if (done < 0 && err.kind == OT_USAGE && name != NULL)
        fprintf(stderr, "Try: onetube %s -h\n", name);
    return done < 0 ? (int)err.kind : done;
}
