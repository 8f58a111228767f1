#include "gateway/cell_watch.h"

#include "base/process.h"
#include "gateway/slice.h"
#include "gateway/usage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_LOOK_MS 50u
#define CURIOUS_MS 25
#define LOAD_MS 200u
#define MEBIBYTE (UINT64_C(1) << 20)
/* Pages of its program that an engine still touches once it is ready (8 MiB were measured). */
#define PROGRAM_BYTES (16 * MEBIBYTE)

struct ot_cell_watch {
    struct ot_cell_watch_options options;
    uv_timer_t timer;
    struct ot_usage usage;
    struct ot_memory_watch memory;
    uint64_t resident_bytes, cpu_us; /* at the last look */
    int64_t memory_at;               /* when to look at its memory */
    int64_t asked_at;                /* 0: nothing was asked */
    uint64_t asked_cpu_us;
    uint64_t turned_cpu_us; /* when its event loop was last known to have made a turn */
    uint64_t own_load;      /* its part of options.load */
    int64_t load_at;        /* when that was measured, of ot_now_ms */
    uint64_t load_cpu_us;
    enum ot_slice slice;
    int question; /* the connection that it should close; -1: none */
};

static void free_timer(uv_handle_t *handle)
{
    free(handle->data);
}

/* -- asking -- */

/* A full backlog is as good as a question: it does not accept. */
static void ask(struct ot_cell_watch *watch)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, watch->options.path, strlen(watch->options.path));
    watch->question = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (watch->question < 0)
        return;
    if (connect(watch->question, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        bool is_full = errno == EAGAIN;

        ot_autoclose(&watch->question);
        if (!is_full)
            return;
    } else {
        shutdown(watch->question, SHUT_WR);
    }
    if (watch->asked_at == 0) {
        watch->asked_at = ot_now_ms();
        watch->asked_cpu_us = watch->cpu_us;
    }
}

static bool has_answered(const struct ot_cell_watch *watch)
{
    char byte;
    ssize_t got = watch->question >= 0 ? recv(watch->question, &byte, 1, MSG_DONTWAIT) : -1;

    return watch->question >= 0 &&
           (got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR));
}

/* -- looking -- */

/*
 * Watching alone is too slow for an engine that allocates 5 GiB a second, so the kernel gives it no
 * more than the most that it may have: what V8 reserves without touching it is far more, but stays
 * as it is once the engine is ready (measured). An allocation that fails makes V8 collect garbage,
 * then throw RangeError (buffers) or end the engine (all else). Where this cannot be set, watching
 * is all there is.
 */
static void bound_memory(struct ot_cell_watch *watch)
{
    uint64_t data = ot_usage_data_bytes(&watch->usage);
    uint64_t resident = ot_usage_resident_bytes(&watch->usage);
    uint64_t untouched = data > resident ? data - resident : 0;
    rlim_t bytes = untouched + ot_memory_most(&watch->options.limits) - PROGRAM_BYTES;
    const struct rlimit limit = {bytes, bytes};

    if (data > 0 && watch->options.limits.memory_bytes > 0)
        (void)prlimit(watch->options.pid, RLIMIT_DATA, &limit, NULL);
}

static void tell(struct ot_cell_watch *watch, enum ot_cell_excess excess, const char *text)
{
    uv_timer_stop(&watch->timer);
    watch->options.exceeded(watch->options.context, excess, text);
}

/* Whether it has ended the watch. */
static bool look_at_memory(struct ot_cell_watch *watch, int64_t now)
{
    const struct ot_cell_limits *limits = &watch->options.limits;
    enum ot_memory_verdict verdict;
    char text[128];

    if (limits->memory_bytes == 0)
        return false;
    watch->memory_at = now + (int64_t)ot_memory_next_look(limits, watch->resident_bytes);
    verdict = ot_memory_judge(&watch->memory, limits, watch->resident_bytes, (uint64_t)now);
    if (verdict == OT_MEMORY_FINE)
        return false;
    snprintf(text, sizeof(text), "used %" PRIu64 " MiB of memory, and may use %" PRIu64,
             watch->resident_bytes / MEBIBYTE, limits->memory_bytes / MEBIBYTE);
    if (verdict == OT_MEMORY_TOO_MUCH)
        tell(watch, OT_EXCESS_MEMORY, text);
    else
        watch->options.exceeded(watch->options.context, OT_EXCESS_HEAVY, text);
    return verdict == OT_MEMORY_TOO_MUCH;
}

static void judge_silence(struct ot_cell_watch *watch, int64_t now)
{
    uint64_t silent = (uint64_t)(now - watch->asked_at);
    uint64_t cpu = (watch->cpu_us - watch->asked_cpu_us) / 1000;
    char text[128];

    switch (ot_silence_judge(&watch->options.limits, silent, cpu)) {
    case OT_SILENCE_FINE:
        if (watch->question < 0) /* its backlog was full */
            ask(watch);
        break;
    case OT_SILENCE_CPU:
        snprintf(text, sizeof(text),
                 "used the CPU for %" PRIu64 " ms without a pause, and may for %" PRIu64, cpu,
                 watch->options.limits.cpu_ms);
        tell(watch, OT_EXCESS_CPU, text);
        break;
    case OT_SILENCE_WEDGED:
        snprintf(text, sizeof(text), "did nothing else for %" PRIu64 " ms (CPU %" PRIu64 " ms)",
                 silent, cpu);
        tell(watch, OT_EXCESS_WEDGED, text);
        break;
    }
}

static void set_load(struct ot_cell_watch *watch, uint64_t thousandths)
{
    if (watch->options.load != NULL)
        *watch->options.load += thousandths - watch->own_load;
    watch->own_load = thousandths;
}

/* Not over a time in which a single turn of the event loop would look like work. */
static void measure_load(struct ot_cell_watch *watch, int64_t now)
{
    uint64_t passed = (uint64_t)(now - watch->load_at);

    if (passed < LOAD_MS)
        return;
    set_load(watch, (watch->cpu_us - watch->load_cpu_us) / passed);
    watch->load_at = now;
    watch->load_cpu_us = watch->cpu_us;
}

static bool is_busy(const struct ot_cell_watch *watch)
{
    return watch->options.load != NULL &&
           ot_is_busy(watch->own_load, *watch->options.load - watch->own_load);
}

/* Others need not wait for one that does not give way; while that is not known it is as it was. */
static void settle_slice(struct ot_cell_watch *watch)
{
    enum ot_slice slice = is_busy(watch) ? OT_SLICE_BUSY : OT_SLICE_ANSWERS;

    if (watch->asked_at > 0 &&
        (watch->slice == OT_SLICE_HOGS || ot_hogs(watch->cpu_us - watch->asked_cpu_us)))
        slice = OT_SLICE_HOGS;
    if (slice != watch->slice)
        ot_slice_engine(watch->options.pid, slice);
    watch->slice = slice;
}

static void look_at_event_loop(struct ot_cell_watch *watch, int64_t now)
{
    if (has_answered(watch)) {
        ot_autoclose(&watch->question);
        watch->asked_at = 0;
        watch->turned_cpu_us = watch->cpu_us;
    }
    settle_slice(watch);
    if (watch->asked_at > 0)
        judge_silence(watch, now);
    else if (ot_silence_asks(watch->cpu_us - watch->turned_cpu_us))
        ask(watch);
}

/* Whether the answer to a question may tell more than the next regular look. */
static bool is_curious(const struct ot_cell_watch *watch)
{
    return watch->asked_at > 0 && !ot_hogs(watch->cpu_us - watch->asked_cpu_us) &&
           uv_is_active((const uv_handle_t *)&watch->timer);
}

static void read_usage(struct ot_cell_watch *watch)
{
    uint64_t cpu_us = ot_usage_thread_us(&watch->usage);

    watch->resident_bytes = ot_usage_resident_bytes(&watch->usage);
    if (cpu_us > watch->cpu_us) /* 0: not known */
        watch->cpu_us = cpu_us;
}

static bool judges_loop(const struct ot_cell_limits *limits)
{
    return limits->cpu_ms > 0 || limits->silence_ms > 0;
}

static void look(uv_timer_t *timer)
{
    struct ot_cell_watch *watch = timer->data;
    const struct ot_cell_limits *limits = &watch->options.limits;
    int64_t now = ot_now_ms();
    int64_t next = judges_loop(limits) ? now + (int64_t)ot_silence_interval(limits) : INT64_MAX;

    read_usage(watch);
    measure_load(watch, now);
    if (look_at_memory(watch, now))
        return;
    if (limits->memory_bytes > 0 && watch->memory_at < next)
        next = watch->memory_at;
    if (next < INT64_MAX)
        uv_timer_start(&watch->timer, look, (uint64_t)(next - now), 0);
    else
        set_load(watch, 0); /* nobody looks any more */
    if (!judges_loop(limits))
        return;
    look_at_event_loop(watch, now);
    if (is_curious(watch) && now + CURIOUS_MS < next)
        uv_timer_start(&watch->timer, look, CURIOUS_MS, 0);
}

/* Sooner than others: it was started because there is work. */
static uint64_t first_look(const struct ot_cell_limits *limits)
{
    uint64_t interval = ot_silence_interval(limits);

    return interval < FIRST_LOOK_MS ? interval : FIRST_LOOK_MS;
}

struct ot_cell_watch *ot_cell_watch_new(const struct ot_cell_watch_options *options)
{
    const struct ot_cell_limits *limits = &options->limits;
    struct ot_cell_watch *watch;
    bool judged = judges_loop(limits);

    ot_slice_engine(options->pid, judged ? OT_SLICE_HOGS : OT_SLICE_ANSWERS);
    if (limits->memory_bytes == 0 && !judged)
        return NULL;
    watch = ot_alloc(1, sizeof(*watch));
    watch->options = *options;
    watch->question = -1;
    watch->usage = OT_USAGE_OF(options->pid);
    watch->slice = judged ? OT_SLICE_HOGS : OT_SLICE_ANSWERS; /* until it has given way */
    uv_timer_init(options->loop, &watch->timer);
    watch->timer.data = watch;
    bound_memory(watch);
    read_usage(watch);
    watch->turned_cpu_us = watch->load_cpu_us = watch->cpu_us;
    watch->load_at = ot_now_ms();
    uv_timer_start(&watch->timer, look, first_look(limits), 0);
    return watch;
}

void ot_cell_watch_draining(struct ot_cell_watch *watch)
{
    if (watch == NULL)
        return;
    watch->options.limits.cpu_ms = watch->options.limits.silence_ms = 0;
    ot_autoclose(&watch->question);
}

void ot_cell_watch_free(struct ot_cell_watch *watch)
{
    if (watch == NULL)
        return;
    ot_autoclose(&watch->question);
    ot_usage_close(&watch->usage);
    set_load(watch, 0);
    uv_close((uv_handle_t *)&watch->timer, free_timer);
}
