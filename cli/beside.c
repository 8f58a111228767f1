#include "cli/beside.h"

#include "base/text.h"
#include "build/path.h"
#include "build/sbom.h"
#include "cli/output.h"

#include <stdlib.h>
#include <string.h>

#define TIME_MAX 253402300799u /* the end of the year 9999 */

void ot_beside_discard(struct ot_beside *beside)
{
    ot_temp_discard(&beside->sbom);
}

bool ot_beside_is_wanted(const struct ot_beside_values *values)
{
    return values->sbom != NULL;
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
                   struct ot_error *err)
{
    if (!ot_beside_is_wanted(values))
        return 0;
    if (read_time(beside->time, err) < 0)
        return -1;
    return open_file(&beside->sbom, "sbom", values->sbom, out, err);
}

static int write_sbom(struct ot_beside *beside, const struct ot_beside_release *release,
                      const struct ot_build_report *report, struct ot_error *err)
{
    OT_AUTOFREE char *version = ot_strndup(report->manifest_sha256, 16);
    const struct ot_sbom sbom = {
        .name = release->name != NULL ? release->name : "onetube",
        .version = release->version != NULL ? release->version : version,
        .manifest_sha256 = report->manifest_sha256,
        .time = beside->time[0] != '\0' ? beside->time : NULL,
        .components = report->components,
    };
    OT_AUTOBUF struct ot_buf text = {0};

    ot_sbom_write(&sbom, &text);
    return ot_write_all(beside->sbom.fd, text.data, text.len, beside->sbom.path, err);
}

int ot_beside_write(struct ot_beside *beside, const struct ot_beside_release *release,
                    const struct ot_build_report *report, struct ot_error *err)
{
    return beside->sbom.fd < 0 ? 0 : write_sbom(beside, release, report, err);
}

int ot_beside_commit(struct ot_beside *beside, struct ot_error *err)
{
    return beside->sbom.fd < 0 ? 0 : ot_temp_commit(&beside->sbom, false, err);
}
