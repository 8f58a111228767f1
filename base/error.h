/*
 * The one error object. Convention, everywhere in this project:
 *
 * - a function that can fail takes `struct ot_error *err` last and returns 0, or -1 with `err`
 * filled;
 * - on success `err` is left untouched;
 * - context is put in front while the error climbs (ot_error_prefix), so that the message reads
 *   from the general to the particular;
 * - tests assert `kind` and `code`, people read `message`.
 *
 * Nothing below cli/ and serve-min/ prints or exits.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define OT_MUST_USE __attribute__((warn_unused_result))
#define OT_PRINTF(format_index, first_argument)                                                    \
    __attribute__((format(printf, format_index, first_argument)))

/* The longest message kept, with its final NUL; longer ones are cut. */
#define OT_ERROR_MAX 4096

/* What kind of failure it is. The values are the exit codes of both programs. */
enum ot_error_kind {
    OT_NONE = 0,
    OT_FAILED = 1,  /* the work could not be done: input, file system, resources */
    OT_USAGE = 2,   /* the command line is wrong */
    OT_REFUSED = 3, /* verification refused it; `code` says which check */
    OT_TOOL = 4,    /* a program we run (esbuild, the engine, a signer) is missing or failed */
    OT_CONFIG = 78, /* the configuration is not fit to serve */
};

struct ot_error {
    enum ot_error_kind kind;
    int errnum;       /* errno at the time, 0 where none applies */
    const char *code; /* stable, static name such as "E_HASH"; NULL unless refused */
    char message[OT_ERROR_MAX];
};

/* Fills `err` and returns -1, so that failing is one `return` line. */
int ot_fail(struct ot_error *err, enum ot_error_kind kind, const char *format, ...) OT_PRINTF(3, 4);

/* The same with ": " and the text of the current errno behind the message. */
int ot_fail_errno(struct ot_error *err, enum ot_error_kind kind, const char *format, ...)
    OT_PRINTF(3, 4);

/* A refusal (OT_REFUSED) with its stable code, which must be a static string. */
int ot_refuse(struct ot_error *err, const char *code, const char *format, ...) OT_PRINTF(3, 4);

/* Puts "<context>: " in front of the message already in `err`. Returns -1. */
int ot_error_prefix(struct ot_error *err, const char *format, ...) OT_PRINTF(2, 3);
