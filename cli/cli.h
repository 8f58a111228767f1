/*
 * The commands of `onetube`: one const table drives dispatch, help, the man page, the completion
 * and the tests that walk it. One file per command. A name has one word, or two with one blank.
 */
#pragma once

#include "base/error.h"
#include "base/options.h"

struct ot_cli_command {
    const struct ot_command *command;
    const char *group;              /* heading in the list of commands */
    void (*defaults)(void *values); /* what is not zero in the options struct; NULL: all is zero */
    /*
     * `values` is the parsed options struct. Prints its result; errors go into `err`, whose kind
     * becomes the exit code. A result that is a "no", such as a difference, is no error: then it
     * returns OT_FAILED, which is the exit code.
     */
    int (*run)(const void *values, const struct ot_parsed *parsed, struct ot_error *err);
};

/* At most this many; the list ends with NULL. */
#define OT_CLI_COMMANDS_MAX 64u
extern const struct ot_cli_command *const ot_cli_commands[];

/* By name ("verify", "trust sign"), or NULL. */
const struct ot_cli_command *ot_cli_find(const char *name);
/*
 * The command whose name stands first in `argv[0..argc)`; `*words` becomes how many words that is.
 * NULL when there is none.
 */
const struct ot_cli_command *ot_cli_match(int argc, char **argv, int *words);
/* Whether names of several commands begin with this word and a blank. */
bool ot_cli_is_family(const char *word);
/* Of a name of two words: where the second begins; else NULL. */
const char *ot_cli_second_word(const char *name);

/* The whole program: parses, runs, prints the error if there is one. Returns the exit code. */
int ot_cli_main(int argc, char **argv);

extern const struct ot_cli_command ot_cli_build, ot_cli_vendor, ot_cli_package, ot_cli_sign,
    ot_cli_pae, ot_cli_keygen, ot_cli_verify, ot_cli_inspect, ot_cli_diff, ot_cli_rebuild,
    ot_cli_receipts_verify, ot_cli_kit, ot_cli_import, ot_cli_unpack, ot_cli_export, ot_cli_serve,
    ot_cli_ps, ot_cli_events, ot_cli_drain, ot_cli_restart, ot_cli_top, ot_cli_stop;
extern const struct ot_cli_command ot_cli_trust_init, ot_cli_trust_show, ot_cli_trust_add,
    ot_cli_trust_revoke, ot_cli_trust_sign, ot_cli_trust_verify, ot_cli_trust_reset;
