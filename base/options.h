/*
 * Command lines of both programs: long options with `=` or a blank, `-h`, an environment twin for
 * each option
 * (`ONETUBE_SIGN_KEY` for `--sign-key`, and the alias `1TUBE_SIGN_KEY`), errors that name the
 * nearest valid word. One const table per command drives parsing, `--help`, the man page and the
 * tests that walk them.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

enum ot_option_type {
    OT_OPTION_FLAG,    /* no value; `bool` */
    OT_OPTION_STRING,  /* `const char *`; the last one wins */
    OT_OPTION_LIST,    /* `struct ot_list`; may be given several times */
    OT_OPTION_COMMAS,  /* `struct ot_list`; may be given several times, each split at commas */
    OT_OPTION_UINT,    /* `uint64_t`; 0 to `max` */
    OT_OPTION_DECIMAL, /* `uint64_t` in thousandths; 0 to `max`, at most three decimals */
    OT_OPTION_TIME,    /* `uint64_t`; what ot_parse_time takes, in seconds since 1970 */
};

struct ot_option {
    const char *name;  /* without the dashes */
    const char *value; /* placeholder such as "FILE"; NULL for a flag */
    const char *help;  /* one sentence without a full stop */
    enum ot_option_type type;
    bool negates;      /* a flag that sets false: its variable starts as true (`--no-splitting`) */
    bool required;     /* a string or list that must be given: "--out is missing" if it is not */
    bool adds;         /* a list whose items on the command line do not replace the environment's */
    bool may_be_empty; /* a string for which "" is a value; else "--out is empty" */
    size_t offset;     /* of its variable in the command's options struct (offsetof) */
    uint64_t max;      /* OT_OPTION_UINT and _DECIMAL only; 0 means 2^53-1 (thousandths) */
    const char *const
        *choices;      /* OT_OPTION_STRING: the only valid words, NULL-terminated; or NULL */
    const char *alias; /* one more name in the environment, as it is ("PORT"), read last; or NULL */
};

#define OT_OPTIONS_MAX 128u

struct ot_command {
    const char *name;        /* "build", or NULL for a program without commands */
    const char *operands;    /* "FILE", "FILE|DIST", "" */
    const char *summary;     /* for the list of commands */
    const char *description; /* paragraphs for --help and the man page */
    const char *example;     /* lines, shown as they are */
    unsigned min_operands;
    unsigned max_operands;
    const struct ot_option *options; /* ends with a NULL name; at most OT_OPTIONS_MAX before it */
    size_t options_size;             /* of the options struct */
};

struct ot_parsed {
    const char *const *operands;
    unsigned operand_count;
    bool typed[OT_OPTIONS_MAX]; /* of each option: on the command line, not only the environment */
    bool help;                  /* -h or --help was given; nothing else was checked */
};

/*
 * Parses `argv[0..argc)` (the words behind the command's name) into `values`, an options struct
 * that the caller has set to the defaults. Environment twins are read first, the command line wins;
 * a list given on the command line replaces the environment's unless it `adds`. A string or an item
 * of an OT_OPTION_LIST that is empty is an error, in the environment too. Errors are OT_USAGE.
 * Lists in `values` are released with ot_options_free. `operands` in `parsed` points into argv,
 * reordered.
 */
OT_MUST_USE int ot_options_parse(const struct ot_command *command, int argc, char **argv,
                                 void *values, struct ot_parsed *parsed, struct ot_error *err);
void ot_options_free(const struct ot_command *command, void *values);

/* Whether the option of this name was on the command line. */
bool ot_options_typed(const struct ot_command *command, const struct ot_parsed *parsed,
                      const char *name);

/* Usage, description, options with their choices and environment names, example. `program` is the
 * word before the command's name. */
void ot_options_help(const struct ot_command *command, const char *program, FILE *out);
