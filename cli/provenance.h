/*
 * Where a dist comes from: an in-toto Statement v1 with a SLSA provenance v1 predicate
 * (slsa.dev/spec/v1.0/provenance; schemas/provenance.schema.json), about its manifest.
 *
 * - externalParameters: the functions, and all options that change bytes, as the manifest has them;
 * - resolvedDependencies: the project's own sources with their SHA-256, and the components of the
 *   bundles with the digests that an SBOM has (build/components.h);
 * - builder: urn:onetube:builder:v1, which says that onetube was run by whoever signed, and nothing
 *   of the machine; with the versions of onetube and esbuild.
 */
#pragma once

#include "build/components.h"
#include "verify/payload.h"

#define OT_PROVENANCE_TYPE "https://slsa.dev/provenance/v1"
#define OT_PROVENANCE_BUILD "urn:onetube:build:v1"
#define OT_PROVENANCE_BUILDER "urn:onetube:builder:v1"

struct ot_provenance {
    const struct ot_preview *dist;
    const struct ot_components *components;
    const char *time;        /* "2027-01-31T12:00:00Z"; NULL: none */
    const char *sbom_sha256; /* of the SBOM that was written with it; NULL: none */
};

/* Appends the statement's text, one line without its end. */
void ot_provenance_text(const struct ot_provenance *provenance, struct ot_buf *out);
