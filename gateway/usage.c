#include "gateway/usage.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STAT_MAX 1024u
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

void ot_usage_close(struct ot_usage *usage)
{
    ot_autoclose(&usage->schedstat);
    ot_autoclose(&usage->statm);
}

/* The file's text, in `text`; empty when it cannot be read. */
static struct ot_span read_text(int *fd, pid_t pid, const char *name, char text[STAT_MAX])
{
    char path[64];
    ssize_t got;

    if (*fd < 0) {
        snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
        *fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    got = pread(*fd, text, STAT_MAX, 0);
    return (struct ot_span){text, got > 0 ? (size_t)got : 0};
}

uint64_t ot_usage_cpu_ms(pid_t pid)
{
    OT_AUTOCLOSE int fd = -1;
    char buf[STAT_MAX];
    struct ot_span text = read_text(&fd, pid, "stat", buf);
    const char *name_end = text.len > 0 ? memrchr(text.data, ')', text.len) : NULL;
    struct ot_span rest;

    if (name_end == NULL || (size_t)(name_end + 2 - text.data) > text.len)
        return 0;
    rest = ot_span_skip(text, (size_t)(name_end + 2 - text.data));
    return (number_at(rest, UTIME) + number_at(rest, STIME)) * 1000 /
           (uint64_t)sysconf(_SC_CLK_TCK);
}

/* https://docs.kernel.org/scheduler/sched-stats.html: nanoseconds */
uint64_t ot_usage_thread_us(struct ot_usage *usage)
{
    char buf[STAT_MAX];

    return number_at(read_text(&usage->schedstat, usage->pid, "schedstat", buf), 0) / 1000;
}

/* proc_pid_statm(5) */
static uint64_t pages_at(struct ot_usage *usage, size_t index)
{
    char buf[STAT_MAX];

    return number_at(read_text(&usage->statm, usage->pid, "statm", buf), index) *
           (uint64_t)getpagesize();
}

uint64_t ot_usage_resident_bytes(struct ot_usage *usage)
{
    return pages_at(usage, 1);
}

uint64_t ot_usage_data_bytes(struct ot_usage *usage)
{
    return pages_at(usage, 5);
}
