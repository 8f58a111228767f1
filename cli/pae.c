#include "cli/cli.h"
#include "verify/payload.h"

#include <stdio.h>

struct values {
    char none; /* no options */
};

static const struct ot_option options[] = {{.name = NULL}};

static const struct ot_command command = {
    .name = "pae",
    .operands = "FILE",
    .summary = "print the bytes that a signature covers",
    .description = "Writes the DSSE pre-authentication encoding of the payload's statement to "
                   "standard output, raw and "
                   "without a newline at the end: what a KMS, a smart card or openssl is to sign "
                   "with pure Ed25519. "
                   "Nothing is verified.",
    .example = "  onetube pae fw.1tube | openssl dgst -sha256\n"
               "  onetube pae fw.1tube > tbs",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

static int run(const void *values, const struct ot_parsed *parsed, struct ot_error *err)
{
    const char *file = parsed->operands[0];
    OT_AUTOBUF struct ot_buf bytes = {0};
    struct ot_preview preview = {.size = 0};
    bool has_statement;

    (void)values;
    if (ot_preview_open(file, &preview, err) < 0)
        return -1;
    has_statement = preview.has_statement;
    if (has_statement)
        ot_statement_pae(preview.statement_page, &bytes);
    ot_preview_free(&preview);
    if (!has_statement)
        return ot_fail(err, OT_FAILED, "%s: a dist without a statement; package it first", file);
    fwrite(bytes.data, 1, bytes.len, stdout);
    return 0;
}

const struct ot_cli_command ot_cli_pae = {.command = &command, .group = "Sign", .run = run};
