/*
 * A kit: everything that a machine without a network needs for a release, in one file. A POSIX
 * ustar archive, stored, whose headers are those of a payload (verify/layout.h); members are sorted
 * bytewise and have these names only:
 *
 *     attestations/00.json ... 63.json   rebuild attestations (verify/attestation.h)
 *     payload.1tube
 *     provenance.intoto.jsonl
 *     sbom.cdx.json
 *     trust/00.json ... 63.json          trust files (verify/trust_file.h), each following the last
 *
 * and then 1,024 zero bytes. Only the payload must be there. Nothing about the kit as a whole is
 * signed: each part is checked for itself.
 */
#pragma once

#include "verify/payload.h"

#define OT_KIT_LIST_MAX 64u         /* attestations, and trust files */
#define OT_KIT_TEXT_MAX (64u << 20) /* bytes of SBOM and provenance */
#define OT_KIT_MEMBERS_MAX (2 * OT_KIT_LIST_MAX + 3)
#define OT_KIT_NAME_MAX 32u

#define OT_KIT_PAYLOAD "payload.1tube"
#define OT_KIT_PROVENANCE "provenance.intoto.jsonl"
#define OT_KIT_SBOM "sbom.cdx.json"

struct ot_kit_options {
    const char *payload;
    const struct ot_list *trust;        /* files, oldest first */
    const struct ot_list *attestations; /* files */
    const char *sbom, *provenance;      /* or NULL */
    const char *out;
};

/*
 * Writes a kit; the file is replaced whole or not at all. What it is made of is not verified here,
 * only how large it is. OT_FAILED; OT_USAGE for more files than fit.
 */
OT_MUST_USE int ot_kit_write(const struct ot_kit_options *options, uint64_t *bytes,
                             struct ot_error *err);

struct ot_kit_member {
    char name[OT_KIT_NAME_MAX];
    uint64_t offset, size; /* of its data */
};

struct ot_kit {
    struct ot_kit_member members[OT_KIT_MEMBERS_MAX];
    size_t count;
};

/*
 * Reads the headers of a file of `size` bytes, and the zeros between. E_LAYOUT for anything but a
 * kit.
 */
OT_MUST_USE int ot_kit_index(int fd, uint64_t size, struct ot_kit *kit, struct ot_error *err);
/* NULL: it has none of this name. */
const struct ot_kit_member *ot_kit_find(const struct ot_kit *kit, const char *name);

struct ot_import_options {
    const char *kit;
    const char *into;             /* the folder that the kit's members become */
    const struct ot_trust *trust; /* for a release without a trust file; max_size and now count
                                     always */
    const char *first_trust_file; /* the operator's, where none is installed; or NULL */
};

struct ot_import_report {
    struct ot_statement statement;
    struct ot_list signers;    /* keys that counted */
    struct ot_list rebuilders; /* keys whose attestations counted */
    size_t attestation_count;
    uint64_t trust_version; /* 0: no trust file */
    bool has_sbom, has_provenance;
};

/*
 * Checks a kit and installs it: the folder `into` is exchanged for the new one in one step, so that
 * who opens it later finds all of the old one or all of the new one. Whatever is refused leaves it
 * as it was.
 *
 * Trust files must follow the newest one that is installed there (or be, from the first on, the
 * operator's first one); the last of them says which keys release, how many rebuilders must attest,
 * which manifests are revoked, the lowest sequence and which engines may be carried. Where there
 * is none, `trust` says who releases; attestations must then still speak of this release. Refused
 * with the codes of each part. Free the report also after an error.
 */
OT_MUST_USE int ot_kit_import(const struct ot_import_options *options,
                              struct ot_import_report *report, struct ot_error *err);
void ot_import_report_free(struct ot_import_report *report);
