#include "package/export.h"
#include "cli/cli.h"
#include "cli/output.h"

#include "base/file.h"

#include <stdio.h>

struct values {
    bool sigstore;
    bool intoto;
    bool sums;
    const char *output;
};

static const struct ot_option options[] = {
    {.name = "sigstore",
     .help = "as Sigstore bundles v0.3, one a line for each signature",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, sigstore)},
    {.name = "intoto",
     .help = "as one line: the in-toto statement with all signatures, in a DSSE envelope",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, intoto)},
    {.name = "sums",
     .help = "as the SHA256SUMS of the unpacked dist, for sha256sum -c",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, sums)},
    {.name = "output",
     .value = "FILE",
     .help = "write it there (default: standard output)",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, output)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "export",
    .operands = "FILE|DIST",
    .summary = "write a payload's signatures and digests for other tools",
    .description =
        "Writes what a payload says of itself in a form that another tool checks; it needs no "
        "key, and checks no signature itself.\n\n"
        "--sigstore gives a Sigstore bundle v0.3 for each signature: a DSSE envelope, and the key "
        "id (SHA-256 of the key's SubjectPublicKeyInfo, in hexadecimal) as the hint for the "
        "public key. There is no certificate, transparency log entry or time stamp in it; a "
        "verifier must be told to want none. --intoto gives the same envelope alone, with all "
        "signatures (*.intoto.jsonl).\n\n"
        "--sums gives the SHA-256 of every file of the unpacked dist but signatures, and in a "
        "comment the release's digest, after every file was compared with the manifest. Those of "
        "statement.json tie them to a signature: it holds the digest of manifest.json, which "
        "holds those of the others.",
    .example = "  onetube export fw.1tube --sums --output unpacked/SHA256SUMS\n"
               "  (cd unpacked && sha256sum -c SHA256SUMS)",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

static int write_form(const struct values *values, const char *file, struct ot_buf *out,
                      struct ot_error *err)
{
    OT_AUTOCONTENT struct ot_content content = {0};

    if (ot_content_open(&content, file, err) < 0)
        return -1;
    if (values->sigstore)
        return ot_export_sigstore(&content, out, err);
    return values->intoto ? ot_export_in_toto(&content, out, err)
                          : ot_export_sums(&content, out, err);
}

static int write_file(const char *path, const struct ot_buf *text, struct ot_error *err)
{
    OT_AUTOTEMP struct ot_temp_file file = OT_TEMP_INIT;

    if (ot_temp_open(&file, path, 0644, err) < 0 ||
        ot_write_all(file.fd, text->data, text->len, path, err) < 0)
        return -1;
    return ot_temp_commit(&file, false, err);
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    OT_AUTOBUF struct ot_buf text = {0};

    if (values->sigstore + values->intoto + values->sums != 1)
        return ot_fail(err, OT_USAGE, "one of --sigstore, --intoto and --sums is wanted");
    if (write_form(values, parsed->operands[0], &text, err) < 0)
        return -1;
    if (values->output != NULL)
        return write_file(values->output, &text, err);
    fwrite(text.data, 1, text.len, stdout);
    return 0;
}

const struct ot_cli_command ot_cli_export = {.command = &command, .group = "Check", .run = run};
