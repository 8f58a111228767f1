#include "cli/cli.h"
#include "cli/output.h"

#include "package/kit.h"

struct values {
    const char *out;
    struct ot_list trust_files, attestations;
    const char *sbom, *provenance;
};

static const struct ot_option options[] = {
    {.name = "out",
     .value = "FILE",
     .help = "the kit to write (FILE.1tube-kit)",
     .type = OT_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct values, out)},
    {.name = "trust-file",
     .value = "FILE",
     .help = "a trust file; several: oldest first, each following the one before",
     .type = OT_OPTION_LIST,
     .offset = offsetof(struct values, trust_files)},
    {.name = "attestation",
     .value = "FILE",
     .help = "an attestation of onetube rebuild; may be given several times",
     .type = OT_OPTION_LIST,
     .offset = offsetof(struct values, attestations)},
    {.name = "sbom",
     .value = "FILE",
     .help = "what is in the bundles, as onetube package --sbom writes it",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, sbom)},
    {.name = "provenance",
     .value = "FILE",
     .help = "where it comes from, as in-toto lines",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, provenance)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "kit",
    .operands = "FILE",
    .summary = "put a payload and its papers into one file",
    .description =
        "Writes an archive with a payload, the trust files and attestations that it is to be "
        "checked with, its SBOM and provenance: what a machine without a network needs, for "
        "onetube import. It is an ordinary tar file with exactly one valid sequence of bytes. "
        "Nothing is verified here, and the kit itself is not signed: each part is checked when "
        "it is imported.",
    .example = "  onetube kit fw.1tube --trust-file trust.json --attestation fw.rebuild.json \\\n"
               "    --sbom fw.cdx.json --out fw.1tube-kit",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    const struct ot_kit_options kit = {
        .payload = parsed->operands[0],
        .trust = &values->trust_files,
        .attestations = &values->attestations,
        .sbom = values->sbom,
        .provenance = values->provenance,
        .out = values->out,
    };
    uint64_t bytes;
    char size[16];

    if (ot_kit_write(&kit, &bytes, err) < 0)
        return -1;
    ot_out_size(bytes, size);
    ot_out_text(stdout, values->out);
    printf(": %s\n", size);
    return 0;
}

const struct ot_cli_command ot_cli_kit = {.command = &command, .group = "Make", .run = run};
