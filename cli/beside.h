/*
 * What is written beside a payload or dist, never in its signed bytes: which options ask for it,
 * and writing it. `onetube build` and `onetube package --functions` share it.
 */
#pragma once

#include "base/file.h"
#include "build/build.h"
#include "cli/cli.h"
#include "cli/signers.h"

struct ot_beside_values {
    const char *sbom;
    const char *provenance;
};

/* Rows for a command's option table. */
#define OT_BESIDE_OPTIONS(holder, at)                                                              \
    {.name = "sbom",                                                                               \
     .value = "FILE",                                                                              \
     .help = "write what the bundles are made of there, as CycloneDX 1.6 JSON",                    \
     .type = OT_OPTION_STRING,                                                                     \
     .offset = offsetof(holder, at.sbom)},                                                         \
    {                                                                                              \
        .name = "provenance", .value = "FILE",                                                     \
        .help = "write a signed SLSA v1 provenance there (an in-toto statement in DSSE)",          \
        .type = OT_OPTION_STRING, .offset = offsetof(holder, at.provenance)                        \
    }

/* The end of a command's description. */
#define OT_BESIDE_DESCRIPTION                                                                      \
    "--sbom lists each package, module from the web and onetube itself of which at least one "     \
    "byte is in a bundle, with version, license, purl, the functions that have it and what it "    \
    "imports. The hash of a package is the integrity that onetube.lock.json, package-lock.json "   \
    "or npm-shrinkwrap.json has for it (property onetube:hash integrity); without one it is the "  \
    "SHA-256 of a list of its files that are in bundles, as sha256sum prints it, sorted by path "  \
    "(onetube:hash files); of onetube these are chunks/onetube.js, as onetube.js, and files of "   \
    "its "                                                                                         \
    "source's build/shim. The hash of the whole is that of manifest.json.\n\n"                     \
    "--provenance says of manifest.json which options, own sources and components gave it, and "   \
    "which versions of onetube and esbuild; with --sbom its SHA-256, too. It is one line, a DSSE " \
    "envelope, with a signature of each signer. The builder urn:onetube:builder:v1 stands for "    \
    "whoever signed: no machine is vouched for.\n\n"                                               \
    "Nothing in either is of a time, unless SOURCE_DATE_EPOCH is set, or random: the same "        \
    "sources give the same bytes."

/* Start from OT_BESIDE_INIT. */
struct ot_beside {
    struct ot_temp_file sbom, provenance;
    char time[32];                   /* "": none */
    char sbom_sha256[OT_SHA256_HEX]; /* "": not yet, or not wanted */
};

#define OT_BESIDE_INIT ((struct ot_beside){.sbom = OT_TEMP_INIT, .provenance = OT_TEMP_INIT})
#define OT_AUTOBESIDE OT_CLEANUP(ot_beside_discard)
void ot_beside_discard(struct ot_beside *beside);

/* What it is about. */
struct ot_beside_release {
    const char *dist;
    const char *name, *version; /* NULL: as ot_package names it (package/package.h) */
    const struct ot_build_report *report;
    const struct ot_signer_set *signers; /* of the provenance */
};

/*
 * Before anything is built: opens the files. `signer_count`: a provenance needs one. `out` is what
 * the command itself writes: a file that is the same, or in it, is OT_USAGE.
 */
OT_MUST_USE int ot_beside_open(struct ot_beside *beside, const struct ot_beside_values *values,
                               const char *out, size_t signer_count, struct ot_error *err);
/* Whether ot_build must find the components. */
bool ot_beside_is_wanted(const struct ot_beside_values *values);
/* After the build. */
OT_MUST_USE int ot_beside_write(struct ot_beside *beside, const struct ot_beside_release *release,
                                struct ot_error *err);
/* At the end: puts the files in their places. */
OT_MUST_USE int ot_beside_commit(struct ot_beside *beside, struct ot_error *err);
