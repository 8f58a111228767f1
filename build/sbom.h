/*
 * A software bill of materials: what the bundles of a build are made of, as CycloneDX 1.6 JSON
 * (cyclonedx.org/docs/1.6/json). Without a serial number, and without a time unless one is given:
 * the same build gives the same bytes.
 */
#pragma once

#include "build/components.h"

struct ot_sbom {
    const char *name, *version; /* of the release; UTF-8 */
    const char *manifest_sha256;
    const char *time; /* "2027-01-31T12:00:00Z"; NULL: none */
    const struct ot_components *components;
};

/* Appends the text. */
void ot_sbom_write(const struct ot_sbom *sbom, struct ot_buf *out);
