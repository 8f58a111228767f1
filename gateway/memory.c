#include "gateway/memory.h"

#include "base/file.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

#define FILE_MAX 65536u
/* Version 1 says "no limit" with the largest number of pages. */
#define NO_LIMIT (UINT64_C(1) << 62)

/* The file's text; empty when it cannot be read. */
static struct ot_span read_text(struct ot_buf *buf, const char *folder, const char *name)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/%s", folder, name);
    struct ot_error err;

    ot_buf_clear(buf);
    if (ot_read_file(path, FILE_MAX, buf, &err) < 0)
        ot_buf_clear(buf);
    return buf->data != NULL ? ot_buf_span(buf) : OT_SPAN("");
}

/* The second number of statm: resident pages (proc_pid_statm(5)). */
static uint64_t resident(const char *proc)
{
    OT_AUTOBUF struct ot_buf buf = {0};
    struct ot_span text = read_text(&buf, proc, "statm");
    const char *space = text.len > 0 ? memchr(text.data, ' ', text.len) : NULL;
    uint64_t pages = 0;

    if (space == NULL)
        return 0;
    space++;
    if (!ot_parse_uint((struct ot_span){space, strcspn(space, " \n")}, UINT32_MAX, &pages))
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Our group's path in a hierarchy: of the line "<id>:<controllers>:<path>" whose controllers are
 * `controller` ("" is version 2). Caller frees. */
static char *group_path(struct ot_span text, const char *controller)
{
    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        struct ot_span line = {text.data, end != NULL ? (size_t)(end - text.data) : text.len};
        const char *first = memchr(line.data, ':', line.len);
        const char *second =
            first != NULL ? memchr(first + 1, ':', line.len - (size_t)(first + 1 - line.data))
                          : NULL;

        if (second != NULL &&
            ot_span_is((struct ot_span){first + 1, (size_t)(second - first - 1)}, controller))
            return ot_strndup(second + 1, line.len - (size_t)(second + 1 - line.data));
        text.data += line.len + (end != NULL);
        text.len -= line.len + (end != NULL);
    }
    return NULL;
}

/* The smallest limit of the group and those above it. */
static uint64_t limit_of(const char *root, char *group, const char *name)
{
    OT_AUTOBUF struct ot_buf buf = {0};
    uint64_t lowest = 0;

    for (;;) {
        OT_AUTOFREE char *folder = ot_asprintf("%s%s", root, strcmp(group, "/") ? group : "");
        struct ot_span text = ot_span_trim(read_text(&buf, folder, name));
        char *slash = strrchr(group, '/');
        uint64_t limit;

        if (ot_parse_uint(text, NO_LIMIT, &limit) && limit > 0 && (lowest == 0 || limit < lowest))
            lowest = limit;
        if (slash == NULL || *group == '\0')
            return lowest;
        *slash = '\0';
    }
}

void ot_memory_read(const char *proc, const char *cgroup, struct ot_memory *out)
{
    OT_AUTOBUF struct ot_buf buf = {0};
    struct ot_span groups = read_text(&buf, proc, "cgroup");
    OT_AUTOFREE char *unified = group_path(groups, "");
    OT_AUTOFREE char *legacy = group_path(groups, "memory");
    OT_AUTOFREE char *legacy_root = ot_asprintf("%s/memory", cgroup);

    *out = (struct ot_memory){.resident_bytes = resident(proc)};
    if (legacy != NULL)
        out->limit_bytes = limit_of(legacy_root, legacy, "memory.limit_in_bytes");
    if (out->limit_bytes == 0 && unified != NULL)
        out->limit_bytes = limit_of(cgroup, unified, "memory.max");
}
