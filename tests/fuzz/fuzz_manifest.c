/* The manifest: what is read keeps every promise of its header. */
#include "base/text.h"
#include "verify/layout.h"
#include "verify/manifest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_members(const struct ot_manifest *manifest, size_t text_size)
{
    uint64_t at = OT_MANIFEST_OFFSET + ot_padded(text_size);

    for (size_t i = 0; i < manifest->member_count; i++) {
        const struct ot_member *member = &manifest->members[i];
        uint8_t header[OT_BLOCK];

        require(ot_is_relative_path(ot_span_of(member->path)));
        require(ot_member_header(ot_span_of(member->path), member->size, header) == 0);
        require(i == 0 || strcmp(manifest->members[i - 1].path, member->path) < 0);
        require(ot_manifest_member(manifest, ot_span_of(member->path)) == member);
        require(member->offset == at + OT_BLOCK);
        at = member->offset + ot_padded(member->size);
    }
    require(manifest->payload_size == at + OT_TRAILER_SIZE);
}

static void check_functions(const struct ot_manifest *manifest)
{
    const struct ot_member *end = manifest->members + manifest->member_count;

    require(manifest->function_count > 0 && manifest->member_count <= OT_MEMBERS_MAX);
    for (size_t i = 0; i < manifest->function_count; i++) {
        const struct ot_function *function = &manifest->functions[i];

        require(ot_is_name(ot_span_of(function->name)));
        require(i == 0 || strcmp(manifest->functions[i - 1].name, function->name) < 0);
        require(ot_manifest_function(manifest, ot_span_of(function->name)) == function);
        require(function->bundle >= manifest->members && function->bundle < end);
        for (size_t k = 0; k < function->module_count; k++) {
            require(function->modules[k] >= manifest->members && function->modules[k] < end);
            require(k == 0 || function->modules[k - 1] < function->modules[k]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_manifest *manifest;
    struct ot_error err;

    if (ot_manifest_parse((struct ot_span){(const char *)data, size}, &manifest, &err) < 0) {
        require(err.kind == OT_REFUSED && err.code != NULL);
        return 0;
    }
    check_members(manifest, size);
    check_functions(manifest);
    ot_manifest_free(manifest);
    return 0;
}
