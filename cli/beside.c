#include "cli/beside.h"

#include "base/text.h"
#include "build/path.h"
#include "build/sbom.h"
#include "cli/output.h"
#include "cli/provenance.h"
#include "package/attest.h"

#include <stdlib.h>
#include <string.h>

#define TIME_MAX 253402300799u /* the end of the year 9999 */

void ot_beside_discard(struct ot_beside *beside)
{
    ot_temp_discard(&beside->sbom);
    ot_temp_discard(&beside->provenance);
}

bool ot_beside_is_wanted(const struct ot_beside_values *values)
{
    return values->sbom != NULL || values->provenance != NULL;
}

/* The time that reproducible builds agree on (reproducible-builds.org/specs/source-date-epoch). */
static int read_time(char out[32], struct ot_error *err)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    uint64_t seconds;

    if (text == NULL || text[0] == '\0')
        return 0;
    if (!ot_parse_uint(ot_span_of(text), TIME_MAX, &seconds))
        return ot_fail(err, OT_USAGE, "SOURCE_DATE_EPOCH: \"%s\" is not seconds since 1970", text);
    ot_out_time(seconds, out);
    return 0;
}

/* What is put into a dist would be taken away with it, or be one file too many. */
static int check_place(const char *option, const char *file, const char *out, struct ot_error *err)
{
    OT_AUTOFREE char *folder = ot_path_folder(file);
    OT_AUTOFREE char *real_folder = realpath(folder, NULL);
    OT_AUTOFREE char *real_out = realpath(out, NULL);

    if (strcmp(file, out) == 0 ||
        (real_folder != NULL && real_out != NULL && ot_path_is_beneath(real_folder, real_out)))
        return ot_fail(err, OT_USAGE, "--%s: %s is written beside %s, not in it", option, file,
                       out);
    return 0;
}

static int open_file(struct ot_temp_file *temp, const char *option, const char *file,
                     const char *out, struct ot_error *err)
{
    if (file == NULL)
        return 0;
    if (check_place(option, file, out, err) < 0)
        return -1;
    return ot_temp_open(temp, file, 0644, err) < 0 ? ot_error_prefix(err, "--%s", option) : 0;
}

int ot_beside_open(struct ot_beside *beside, const struct ot_beside_values *values, const char *out,
                   size_t signer_count, struct ot_error *err)
{
    if (!ot_beside_is_wanted(values))
        return 0;
    if (values->provenance != NULL && signer_count == 0)
        return ot_fail(err, OT_USAGE,
                       "--provenance needs a key: --sign-key, or --signer with --signer-key");
    if (values->sbom != NULL && values->provenance != NULL &&
        strcmp(values->sbom, values->provenance) == 0)
        return ot_fail(err, OT_USAGE, "--sbom and --provenance are the same file");
    if (read_time(beside->time, err) < 0 ||
        open_file(&beside->sbom, "sbom", values->sbom, out, err) < 0)
        return -1;
    return open_file(&beside->provenance, "provenance", values->provenance, out, err);
}

static const char *time_of(const struct ot_beside *beside)
{
    return beside->time[0] != '\0' ? beside->time : NULL;
}

static int write_sbom(struct ot_beside *beside, const struct ot_beside_release *release,
                      struct ot_error *err)
{
    const struct ot_build_report *report = release->report;
    OT_AUTOFREE char *version = ot_strndup(report->manifest_sha256, 16);
    const struct ot_sbom sbom = {
        .name = release->name != NULL ? release->name : "onetube",
        .version = release->version != NULL ? release->version : version,
        .manifest_sha256 = report->manifest_sha256,
        .time = time_of(beside),
        .components = report->components,
    };
    OT_AUTOBUF struct ot_buf text = {0};

    ot_sbom_write(&sbom, &text);
    ot_sha256_hex(ot_buf_span(&text), beside->sbom_sha256);
    return ot_write_all(beside->sbom.fd, text.data, text.len, beside->sbom.path, err);
}

static int write_provenance(struct ot_beside *beside, const struct ot_beside_release *release,
                            struct ot_error *err)
{
    OT_CLEANUP(ot_preview_free) struct ot_preview dist = {0};
    const struct ot_provenance provenance = {
        .dist = &dist,
        .components = release->report->components,
        .time = time_of(beside),
        .sbom_sha256 = beside->sbom_sha256[0] != '\0' ? beside->sbom_sha256 : NULL,
    };
    OT_AUTOENVELOPE struct ot_envelope envelope = {.page.count = 0};
    OT_AUTOBUF struct ot_buf file = {0};
    char manifest_sha256[OT_SHA256_HEX];

    if (ot_preview_open(release->dist, &dist, err) < 0)
        return -1;
    ot_sha256_hex(ot_buf_span(&dist.manifest_text), manifest_sha256);
    if (strcmp(manifest_sha256, release->report->manifest_sha256) != 0)
        return ot_fail(err, OT_FAILED, "%s: somebody else has built into it just now",
                       release->dist);
    ot_provenance_text(&provenance, &envelope.text);
    if (ot_envelope_sign(&envelope, release->signers->items, release->signers->count, err) < 0)
        return -1;
    ot_envelope_write(&envelope, &file);
    return ot_write_all(beside->provenance.fd, file.data, file.len, beside->provenance.path, err);
}

int ot_beside_write(struct ot_beside *beside, const struct ot_beside_release *release,
                    struct ot_error *err)
{
    if (beside->sbom.fd >= 0 && write_sbom(beside, release, err) < 0)
        return -1;
    return beside->provenance.fd < 0 ? 0 : write_provenance(beside, release, err);
}

int ot_beside_commit(struct ot_beside *beside, struct ot_error *err)
{
    if (beside->sbom.fd >= 0 && ot_temp_commit(&beside->sbom, false, err) < 0)
        return -1;
    return beside->provenance.fd < 0 ? 0 : ot_temp_commit(&beside->provenance, false, err);
}
