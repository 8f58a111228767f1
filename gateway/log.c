#include "gateway/log.h"

#include "base/file.h"
#include "base/instant.h"
#include "base/process.h"
#include "gateway/log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PENDING_MAX (4u << 20)
#define FLUSH_AT (64u << 10) /* written without waiting for the timer */
#define SLICE 4096u          /* PIPE_BUF: what a pipe that polls writable takes without waiting */
#define LAST_FLUSH_MS 1000

struct ot_log {
    int fd;       /* the caller's */
    int reopened; /* the same pipe or terminal, non-blocking without changing the caller's; or -1 */
    bool is_socket;
    bool is_slow; /* neither: it is asked before each slice */
    enum ot_log_format format;
    struct ot_buf pending; /* whole lines, but for the first, which may be written in part */
    size_t written;        /* of it */
    bool mid_line;         /* what was written last did not end a line */
    _Atomic uint64_t dropped;
};

/*
 * Several logs write to one descriptor, and what it takes may end within a line: then `torn` is the
 * log that has the rest, and nobody else writes before it has done so.
 */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;
static const struct ot_log *torn;

struct ot_log *ot_log_new(int fd, enum ot_log_format format)
{
    struct ot_log *log = ot_alloc(1, sizeof(*log));
    char path[32];
    struct stat info;

    *log = (struct ot_log){.fd = fd, .reopened = -1, .format = format};
    if (fstat(fd, &info) < 0)
        return log;
    log->is_socket = S_ISSOCK(info.st_mode);
    if (!S_ISFIFO(info.st_mode) && !S_ISCHR(info.st_mode))
        return log;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    log->reopened = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    log->is_slow = log->reopened < 0;
    return log;
}

/* What the reader takes now: bytes, 0 none, -1 nobody reads any more. */
static ssize_t write_some(const struct ot_log *log, const char *data, size_t len)
{
    struct pollfd ask = {log->fd, POLLOUT, 0};
    ssize_t done;

    if (log->is_slow && (poll(&ask, 1, 0) <= 0 || (ask.revents & POLLOUT) == 0))
        return 0;
    if (log->is_slow && len > SLICE)
        len = SLICE;
    do
        done = log->is_socket ? send(log->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL)
                              : write(log->reopened >= 0 ? log->reopened : log->fd, data, len);
    while (done < 0 && errno == EINTR);
    return done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : done;
}

static size_t count_lines(struct ot_span text)
{
    size_t lines = 0;

    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    return lines;
}

static void drop_pending(struct ot_log *log)
{
    const struct ot_span rest = {log->pending.data + log->written, log->pending.len - log->written};

    log->dropped += count_lines(rest);
    ot_buf_free(&log->pending);
    log->written = 0;
    log->mid_line = false;
}

/* With the lock held. */
static void write_pending(struct ot_log *log)
{
    if (torn != NULL && torn != log)
        return;
    while (log->written < log->pending.len) {
        ssize_t done =
            write_some(log, log->pending.data + log->written, log->pending.len - log->written);

        if (done < 0)
            drop_pending(log);
        if (done <= 0)
            break;
        log->written += (size_t)done;
        log->mid_line = log->pending.data[log->written - 1] != '\n';
    }
    torn = log->mid_line ? log : NULL;
    if (log->written == log->pending.len) {
        if (log->pending.cap > FLUSH_AT)
            ot_buf_free(&log->pending);
        else
            ot_buf_clear(&log->pending);
        log->written = 0;
    }
}

void ot_log_flush(struct ot_log *log)
{
    if (!ot_log_pending(log) || pthread_mutex_trylock(&writing) != 0)
        return;
    write_pending(log);
    pthread_mutex_unlock(&writing);
}

bool ot_log_pending(const struct ot_log *log)
{
    return log->pending.len > log->written;
}

uint64_t ot_log_dropped(const struct ot_log *log)
{
    return log->dropped;
}

void ot_log_free(struct ot_log *log)
{
    int64_t deadline = ot_now_ms() + LAST_FLUSH_MS;

    if (log == NULL)
        return;
    while (ot_log_pending(log) && ot_now_ms() < deadline) {
        struct pollfd ask = {log->fd, POLLOUT, 0};

        ot_log_flush(log);
        if (ot_log_pending(log))
            poll(&ask, 1, 10);
    }
    pthread_mutex_lock(&writing);
    if (torn == log)
        torn = NULL;
    pthread_mutex_unlock(&writing);
    ot_buf_free(&log->pending);
    ot_autoclose(&log->reopened);
    free(log);
}

/* Keeps what was appended since `start` if there is room for it. */
static void keep(struct ot_log *log, size_t start)
{
    if (log->pending.len - log->written > PENDING_MAX) {
        log->pending.len = start;
        log->dropped++;
    } else if (log->pending.len - log->written >= FLUSH_AT) {
        ot_log_flush(log);
    }
}

/* Written bytes at the front make place when there are many of them. */
static size_t begin(struct ot_log *log)
{
    if (log->written > PENDING_MAX / 2) {
        memmove(log->pending.data, log->pending.data + log->written,
                log->pending.len - log->written);
        log->pending.len -= log->written;
        log->written = 0;
    }
    return log->pending.len;
}

void ot_log_request(struct ot_log *log, const struct ot_log_request *request)
{
    size_t start;

    if (log->format == OT_LOG_OFF)
        return;
    start = begin(log);
    ot_log_line_request(log->format, request, &log->pending);
    keep(log, start);
}

void ot_log_console(struct ot_log *log, const char *cell, bool is_error, struct ot_span line)
{
    size_t start = begin(log);

    ot_log_line_console(log->format, ot_wall_ms(), cell, is_error, line, &log->pending);
    keep(log, start);
}

void ot_log_message(enum ot_log_format format, enum ot_log_level level, const char *text)
{
    OT_AUTOBUF struct ot_buf line = {0};
    struct ot_error err;

    ot_log_line_message(format, ot_wall_ms(), level, text, &line);
    /* there is nobody left to tell that standard error is gone */
    if (ot_write_all(STDERR_FILENO, line.data, line.len, "standard error", &err) < 0)
        return;
}
