/* The one table of commands. */
#include "cli/cli.h"

#include <string.h>

const struct ot_cli_command *const ot_cli_commands[] = {
    &ot_cli_vendor,  &ot_cli_build,  &ot_cli_package, &ot_cli_keygen, &ot_cli_sign,
    &ot_cli_pae,     &ot_cli_verify, &ot_cli_inspect, &ot_cli_diff,   &ot_cli_rebuild,
    &ot_cli_unpack,  &ot_cli_serve,  &ot_cli_ps,      &ot_cli_events, &ot_cli_drain,
    &ot_cli_restart, &ot_cli_top,    &ot_cli_stop,    NULL,
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
