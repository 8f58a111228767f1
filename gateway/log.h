/*
 * The gateway's log, on standard output (requests, console of functions) and standard error (its
 * own messages). Each line is text for people or one JSON object (schemas/log.schema.json). With
 * OT_LOG_OFF requests are left out and the rest is text. Lines are collected per thread and written
 * together, at the latest after 50 ms; when the reader is too slow for 4 MiB of them, lines are
 * dropped and counted, never waited for.
 */
#pragma once

#include "gateway/request_id.h"
#include "gateway/settings.h"

/* Of one thread. */
struct ot_log;

/* `fd` stays the caller's; its blocking mode is not changed. Logs of several threads may share it:
 * their lines never mix. */
struct ot_log *ot_log_new(int fd, enum ot_log_format format);
/* Flushes for at most one second, and frees. */
void ot_log_free(struct ot_log *log);

/* One answered request. Never a header, query or body; spans are cut at 256 bytes and made
 * readable. */
struct ot_log_request {
    uint64_t time_ms;     /* wall clock, when it began */
    const char *id;       /* OT_REQUEST_ID bytes */
    struct ot_span trace; /* the traceparent, or empty */
    struct ot_span method, path;
    struct ot_span function; /* empty: none */
    unsigned status;         /* 0: the client went away before an answer */
    uint64_t duration_us;
    uint64_t bytes_in, bytes_out; /* bodies */
    struct ot_span client;        /* its address as text */
    struct ot_span user;          /* its first 8 bytes are shown; empty: none */
    const char *reason;           /* of a refusal; NULL */
};
void ot_log_request(struct ot_log *log, const struct ot_log_request *request);

/*
 * One line that an engine wrote to standard output or error. A console line of the shim on standard
 * output, where only the shim writes (`__1TUBE_LOG__{"id":...,"level":...,"msg":...,"ts":...,
 * "fn":...}`), is unwrapped and tied to its request; any other is shown under the cell's name. At
 * most 16 KiB of it are kept.
 */
void ot_log_console(struct ot_log *log, const char *cell, bool is_error, struct ot_span line);

/* A message of the gateway itself, "onetube: serve: ...", on standard error, at once. */
enum ot_log_level { OT_LEVEL_INFO, OT_LEVEL_WARNING, OT_LEVEL_ERROR };
void ot_log_message(enum ot_log_format format, enum ot_log_level level, const char *text);

/* Whether something waits to be written; and writes what the reader takes now. */
bool ot_log_pending(const struct ot_log *log);
void ot_log_flush(struct ot_log *log);
/* Lines so far; any thread. */
uint64_t ot_log_dropped(const struct ot_log *log);
