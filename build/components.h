/*
 * What the bundles of one build are made of, for those who have to say so (sbom.h, provenance.h):
 * each package, module from the web and onetube itself, of which at least one byte is in an output,
 * and the sources of the project's own. From esbuild's metafile, so a build from the cache says the
 * same.
 */
#pragma once

#include "build/build.h"
#include "build/bundle.h"

enum ot_component_kind {
    OT_COMPONENT_PACKAGE, /* installed by npm or another package manager */
    OT_COMPONENT_MODULE,  /* one module from the web */
    OT_COMPONENT_RUNTIME, /* onetube's own code, which every function runs in */
};

struct ot_component {
    enum ot_component_kind kind;
    char *ref;     /* `purl`, with "#2" behind it for the second one of it, ... */
    char *purl;    /* see purl.h */
    char *name;    /* as its package.json has it; of a module its URL */
    char *version; /* NULL: not known */
    char *license; /* as its package.json has it; NULL: it does not say */
    /*
     * With `of_files` of what is in the bundles: SHA-256 of an index of those files, a line
     * "<SHA-256>  <path>" each, sorted by path, which in-toto calls dirHash1. Else of the package
     * as it was published, as a lock has it, or of the module.
     */
    const char *algorithm; /* "SHA-512", ...; NULL: there is none */
    char *digest;          /* lower-case hexadecimal */
    bool of_files;
    struct ot_list functions; /* that have it in their bundle or in a chunk of theirs, sorted */
    struct ot_list needs;     /* refs of other components that its files import, sorted */
};

struct ot_own_source {
    char *path; /* relative to the functions folder */
    char sha256[OT_SHA256_HEX];
};

struct ot_components {
    struct ot_component *items; /* sorted by kind, name, version, digest */
    size_t count;
    struct ot_list needs;          /* refs that the project's own files import, sorted */
    struct ot_own_source *sources; /* sorted by path: modules, and onetube.lock.json */
    size_t source_count;
};

struct ot_vendored;

/* `folder`: the functions folder, absolute. Errors: OT_FAILED, a file cannot be read. */
OT_MUST_USE int ot_components_find(const struct ot_bundle *bundle, const struct ot_sources *sources,
                                   const struct ot_vendored *vendored, const char *folder,
                                   struct ot_components **out, struct ot_error *err);
void ot_components_free(struct ot_components *components);
