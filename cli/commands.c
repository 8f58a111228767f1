/* The one table of commands. */
#include "cli/cli.h"

#include <string.h>

const struct ot_cli_command *const ot_cli_commands[] = {
    &ot_cli_vendor,
    &ot_cli_build,
    &ot_cli_package,
    &ot_cli_keygen,
    &ot_cli_sign,
    &ot_cli_pae,
    &ot_cli_verify,
    &ot_cli_inspect,
    &ot_cli_diff,
    &ot_cli_rebuild,
    &ot_cli_receipts_verify,
    &ot_cli_kit,
    &ot_cli_import,
    &ot_cli_unpack,
    &ot_cli_export,
    &ot_cli_serve,
    &ot_cli_ps,
    &ot_cli_events,
    &ot_cli_drain,
    &ot_cli_restart,
    &ot_cli_top,
    &ot_cli_stop,
    &ot_cli_trust_init,
    &ot_cli_trust_show,
    &ot_cli_trust_add,
    &ot_cli_trust_revoke,
    &ot_cli_trust_sign,
    &ot_cli_trust_verify,
    &ot_cli_trust_reset,
    NULL,
};

_Static_assert(OT_COUNT(ot_cli_commands) <= OT_CLI_COMMANDS_MAX + 1, "OT_CLI_COMMANDS_MAX");

const struct ot_cli_command *ot_cli_find(const char *name)
{
    for (size_t i = 0; ot_cli_commands[i] != NULL; i++) {
        if (strcmp(ot_cli_commands[i]->command->name, name) == 0)
            return ot_cli_commands[i];
    }
    return NULL;
}

const char *ot_cli_second_word(const char *name)
{
    const char *blank = strchr(name, ' ');

    return blank != NULL ? blank + 1 : NULL;
}

bool ot_cli_is_family(const char *word)
{
    for (size_t i = 0; ot_cli_commands[i] != NULL; i++) {
        const char *name = ot_cli_commands[i]->command->name;
        const char *second = ot_cli_second_word(name);

        if (second != NULL && ot_span_is((struct ot_span){name, (size_t)(second - 1 - name)}, word))
            return true;
    }
    return false;
}

const struct ot_cli_command *ot_cli_match(int argc, char **argv, int *words)
{
    OT_AUTOFREE char *two = NULL;

    *words = argc > 0 && ot_cli_is_family(argv[0]) ? 2 : 1;
    if (argc < *words)
        return NULL;
    two = *words == 2 ? ot_asprintf("%s %s", argv[0], argv[1]) : ot_strdup(argv[0]);
    return ot_cli_find(two);
}
