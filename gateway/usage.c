#include "gateway/usage.h"

#include "base/file.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

#define STAT_MAX 4096u
/* Fields behind the process's name, which may hold anything, and its ')' (proc_pid_stat(5)). */
#define UTIME 11u
#define STIME 12u

/* The field `index` of words that one blank separates. */
static uint64_t number_at(struct ot_span text, size_t index)
{
    uint64_t value = 0;

    for (size_t i = 0; text.len > 0; i++) {
        const char *blank = memchr(text.data, ' ', text.len);
        struct ot_span word = {text.data, blank != NULL ? (size_t)(blank - text.data) : text.len};

        if (i == index)
            return ot_parse_uint(word, UINT64_MAX >> 16, &value) ? value : 0;
        text = ot_span_skip(text, blank != NULL ? word.len + 1 : word.len);
    }
    return 0;
}

uint64_t ot_usage_cpu_ms(pid_t pid)
{
    OT_AUTOFREE char *path = ot_asprintf("/proc/%d/stat", (int)pid);
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error err;
    const char *name_end;
    struct ot_span rest;

    if (ot_read_file(path, STAT_MAX, &text, &err) < 0 || text.len == 0)
        return 0;
    name_end = memrchr(text.data, ')', text.len);
    if (name_end == NULL || (size_t)(name_end + 2 - text.data) > text.len)
        return 0;
    rest = ot_span_skip(ot_buf_span(&text), (size_t)(name_end + 2 - text.data));
    return (number_at(rest, UTIME) + number_at(rest, STIME)) * 1000 /
           (uint64_t)sysconf(_SC_CLK_TCK);
}
