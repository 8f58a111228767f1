#include "base/confine.h"
#include "verify/verification.h"

#include <string.h>

static int read_pages(const struct ot_source *source, struct ot_image *image,
                      struct ot_preview *preview, struct ot_error *err)
{
    /*
     * the largest payload a caller could allow: nothing is hashed here, and only what is
     * read takes memory
     */
    if (ot_source_check_size(source, INT64_MAX, err) < 0 ||
        ot_image_grow(image, source->is_folder ? OT_MANIFEST_HEADER : source->size, err) < 0 ||
        ot_source_take_pages(source, image, err) < 0 ||
        ot_signature_page_parse(&preview->signatures, image->bytes + OT_SIGNATURES_OFFSET, err) < 0)
        return -1;
    memcpy(preview->statement_page, image->bytes + OT_STATEMENT_OFFSET, OT_PAGE_SIZE);
    preview->has_statement = source->has_pages;
    if (!preview->has_statement)
        return 0;
    return ot_statement_parse(&preview->statement, preview->statement_page, err);
}

static int preview_source(const struct ot_source *source, struct ot_image *image,
                          struct ot_preview *preview, struct ot_error *err)
{
    struct ot_span text;

    if (read_pages(source, image, preview, err) < 0 ||
        ot_source_take_manifest(source, preview->has_statement ? &preview->statement : NULL, image,
                                &text, err) < 0 ||
        ot_manifest_parse(text, &preview->manifest, err) < 0 ||
        ot_source_check_payload_size(source, preview->manifest, UINT64_MAX, err) < 0)
        return -1;
    ot_buf_append(&preview->manifest_text, text.data, text.len);
    preview->size = preview->manifest->payload_size;
    return 0;
}

struct opening {
    const char *path;
    struct ot_preview *preview;
};

static int open_and_read(void *context, struct ot_error *err)
{
    const struct opening *opening = context;
    const char *path = opening->path;
    struct ot_preview *preview = opening->preview;
    struct ot_source source;
    struct ot_image image = {0};
    int result;

    memset(preview, 0, sizeof(*preview));
    if (ot_source_open(&source, path, err) < 0)
        return -1;
    result = preview_source(&source, &image, preview, err);
    ot_image_free(&image);
    ot_source_close(&source);
    if (result == 0)
        return 0;
    ot_preview_free(preview);
    return ot_error_prefix(err, "%s", path);
}

int ot_preview_open(const char *path, struct ot_preview *preview, struct ot_error *err)
{
    struct opening opening = {.path = path};

    memset(preview, 0, sizeof(*preview));
    opening.preview = preview;
    return ot_confined(open_and_read, &opening, err);
}

void ot_preview_free(struct ot_preview *preview)
{
    ot_manifest_free(preview->manifest);
    ot_buf_free(&preview->manifest_text);
    memset(preview, 0, sizeof(*preview));
}
