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

/* The file's text; empty when it cannot be read. */
static struct ot_span read_text(struct ot_buf *buf, pid_t pid, const char *name)
{
    OT_AUTOFREE char *path = ot_asprintf("/proc/%d/%s", (int)pid, name);
    struct ot_error err;

    if (ot_read_file(path, STAT_MAX, buf, &err) < 0 || buf->len == 0)
        return OT_SPAN("");
    return ot_buf_span(buf);
}

uint64_t ot_usage_cpu_ms(pid_t pid)
{
    OT_AUTOBUF struct ot_buf buf = {0};
    struct ot_span text = read_text(&buf, pid, "stat");
    const char *name_end = text.len > 0 ? memrchr(text.data, ')', text.len) : NULL;
    struct ot_span rest;

    if (name_end == NULL || (size_t)(name_end + 2 - text.data) > text.len)
        return 0;
    rest = ot_span_skip(text, (size_t)(name_end + 2 - text.data));
    return (number_at(rest, UTIME) + number_at(rest, STIME)) * 1000 /
           (uint64_t)sysconf(_SC_CLK_TCK);
}

/* https://docs.kernel.org/scheduler/sched-stats.html: nanoseconds */
uint64_t ot_usage_thread_us(pid_t pid)
{
    OT_AUTOBUF struct ot_buf buf = {0};

    return number_at(read_text(&buf, pid, "schedstat"), 0) / 1000;
}

/* proc_pid_statm(5) */
static uint64_t pages_at(pid_t pid, size_t index)
{
    OT_AUTOBUF struct ot_buf buf = {0};

    return number_at(read_text(&buf, pid, "statm"), index) * (uint64_t)getpagesize();
}

uint64_t ot_usage_resident_bytes(pid_t pid)
{
    return pages_at(pid, 1);
}

uint64_t ot_usage_data_bytes(pid_t pid)
{
    return pages_at(pid, 5);
}
