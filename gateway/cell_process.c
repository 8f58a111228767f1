#include "gateway/cell_process.h"

#include "gateway/cell_output.h"
#include "gateway/cell_watch.h"
#include "gateway/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is watched: what the engine wants polled, and the other end of its standard output. */
enum { OUTPUT = OT_ENGINE_FDS, WATCHES };
/* How much of its output is read at once, so that others have their turn. */
#define READ_MAX (16u << 10)
/* What can still be in the pipe of a process that has ended, at most. */
#define REST_MAX (1u << 20)
#define NO_SLOT (-1)

struct watch {
    uv_poll_t poll;
    struct ot_cell_process *process;
    int slot;
    int fd;
    bool active;
};

struct ot_cell_process {
    struct ot_cell_process_options options;
    struct ot_engine *engine;
    struct ot_engine_config *config; /* NULL once it is written */
    int output_fd;
    struct ot_output output;
    struct watch *watches[WATCHES];
    uv_timer_t *timer;
    int64_t ready_at, kill_at; /* of ot_now_ms; 0: not ready, no end set */
    bool stopping, killed;
    struct ot_cell_watch *watch; /* once it is ready; or NULL */
    enum ot_cell_exit exceeded;  /* what it was killed for; OT_EXIT_NONE */
    char excess[128];            /* the same for people */
    bool memory_full;            /* it said so */
};

static void run_engine(struct ot_cell_process *process, int slot);

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

static void unwatch(struct ot_cell_process *process, int slot)
{
    struct watch *watch = process->watches[slot];

    if (watch == NULL)
        return;
    process->watches[slot] = NULL;
    uv_poll_stop(&watch->poll);
    watch->poll.data = watch;
    uv_close((uv_handle_t *)&watch->poll, free_handle);
}

static void release(struct ot_cell_process *process)
{
    for (int slot = 0; slot < WATCHES; slot++)
        unwatch(process, slot);
    if (process->timer != NULL) {
        process->timer->data = process->timer;
        uv_close((uv_handle_t *)process->timer, free_handle);
        process->timer = NULL;
    }
    ot_cell_watch_free(OT_STEAL(process->watch));
    ot_engine_free(OT_STEAL(process->engine));
    ot_engine_config_free(OT_STEAL(process->config));
    ot_autoclose(&process->output_fd);
    ot_output_end(&process->output);
}

void ot_cell_process_free(struct ot_cell_process *process)
{
    if (process == NULL)
        return;
    release(process);
    free(process);
}

/* Whether there may be more. */
static bool read_output(struct ot_cell_process *process)
{
    char bytes[READ_MAX];
    ssize_t got = read(process->output_fd, bytes, sizeof(bytes));

    if (got > 0)
        ot_output_take(&process->output, false, (struct ot_span){bytes, (size_t)got});
    else if (got == 0 || (errno != EINTR && errno != EAGAIN))
        ot_autoclose(&process->output_fd);
    return got > 0;
}

/* What V8, its allocator and the engine's Rust code say before they end the process (measured). */
static bool tells_of_full_memory(struct ot_span text)
{
    static const char *const words[] = {"out of memory", "Cannot allocate memory",
                                        "memory allocation of "};

    for (size_t i = 0; text.len > 0 && i < OT_COUNT(words); i++) {
        if (memmem(text.data, text.len, words[i], strlen(words[i])) != NULL)
            return true;
    }
    return false;
}

static void take_errors(void *context, struct ot_span text)
{
    struct ot_cell_process *process = context;

    process->memory_full = process->memory_full || tells_of_full_memory(text);
    ot_output_take(&process->output, true, text);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct ot_cell_process *process = watch->process;

    (void)events;
    if (status < 0) /* the other end is gone, and it is watched no more; reading tells what it is */
        watch->active = false;
    if (watch->slot == OUTPUT)
        (void)read_output(process);
    run_engine(process, watch->slot == OUTPUT ? NO_SLOT : watch->slot);
}

static int watch_fd(struct ot_cell_process *process, int slot, int fd, struct ot_error *err)
{
    struct watch *watch = ot_alloc(1, sizeof(*watch));
    int failed = uv_poll_init(process->options.loop, &watch->poll, fd);

    if (failed != 0) {
        free(watch);
        return ot_fail(err, OT_FAILED, "event loop: %s", uv_strerror(failed));
    }
    watch->poll.data = watch;
    watch->process = process;
    watch->slot = slot;
    watch->fd = fd;
    process->watches[slot] = watch;
    return 0;
}

/* Brings what is watched in line with what the engine wants, and with how much it has written. */
static int settle_watches(struct ot_cell_process *process, struct ot_error *err)
{
    bool pause = ot_output_pause(&process->output) > ot_now_ms();
    struct pollfd fds[WATCHES];

    ot_engine_poll(process->engine, fds);
    fds[OUTPUT] = (struct pollfd){process->output_fd, POLLIN, 0};
    /* all that is over first: its number may be another's by now */
    for (int slot = 0; slot < WATCHES; slot++) {
        if (process->watches[slot] != NULL && process->watches[slot]->fd != fds[slot].fd)
            unwatch(process, slot);
    }
    for (int slot = 0; slot < WATCHES; slot++) {
        bool wanted = fds[slot].fd >= 0 && !(pause && (slot == OUTPUT || slot == OT_ENGINE_ERRORS));
        struct watch *watch;

        if (wanted && process->watches[slot] == NULL &&
            watch_fd(process, slot, fds[slot].fd, err) < 0)
            return -1;
        watch = process->watches[slot];
        if (wanted && !watch->active)
            uv_poll_start(&watch->poll, fds[slot].events == POLLOUT ? UV_WRITABLE : UV_READABLE,
                          on_poll);
        else if (!wanted && watch != NULL && watch->active)
            uv_poll_stop(&watch->poll);
        if (watch != NULL)
            watch->active = wanted;
    }
    return 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct ot_cell_process *process = timer->data;

    if (process->kill_at > 0 && ot_now_ms() >= process->kill_at) {
        process->kill_at = 0;
        process->killed = true;
        ot_engine_kill(process->engine);
    }
    run_engine(process, NO_SLOT);
}

/* One timer for whatever is due first. */
static void settle_timer(struct ot_cell_process *process)
{
    int64_t now = ot_now_ms();
    int64_t pause = ot_output_pause(&process->output);
    int start = ot_engine_timeout(process->engine);
    int64_t left = start >= 0 ? start : INT64_MAX;

    if (process->kill_at > 0 && process->kill_at - now < left)
        left = process->kill_at - now;
    if (pause > now && pause - now < left)
        left = pause - now;
    /* libuv may be early by the age of its clock; what is not due then is waited for again */
    if (left < INT64_MAX)
        uv_timer_start(process->timer, on_timer, left > 0 ? (uint64_t)left : 0, 0);
    else
        uv_timer_stop(process->timer);
}

static enum ot_cell_exit reason(const struct ot_cell_process *process, bool timed_out)
{
    int status = ot_engine_status(process->engine);

    if (process->exceeded != OT_EXIT_NONE && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return process->exceeded;
    if (process->killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return OT_EXIT_KILLED;
    if (process->ready_at == 0)
        return timed_out ? OT_EXIT_READINESS_TIMEOUT : OT_EXIT_START_FAILED;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return process->stopping ? OT_EXIT_DRAINED : OT_EXIT_CLEAN;
    if (process->stopping && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)
        return OT_EXIT_DRAINED;
    return process->memory_full && process->ready_at > 0 ? OT_EXIT_MEMORY : OT_EXIT_CRASHED;
}

static void on_exceeded(void *context, enum ot_cell_excess excess, const char *text)
{
    struct ot_cell_process *process = context;

    if (excess == OT_EXCESS_HEAVY) {
        process->options.heavy(process->options.context, text);
        return;
    }
    process->exceeded = excess == OT_EXCESS_MEMORY ? OT_EXIT_MEMORY : OT_EXIT_WEDGED;
    snprintf(process->excess, sizeof(process->excess), "was killed: it %s", text);
    process->options.exceeded(process->options.context, process->exceeded);
    ot_engine_kill(process->engine);
}

static void begin_watch(struct ot_cell_process *process)
{
    const struct ot_cell_watch_options watch = {.pid = ot_engine_pid(process->engine),
                                                .path = process->options.path,
                                                .limits = process->options.limits,
                                                .load = process->options.load,
                                                .loop = process->options.loop,
                                                .exceeded = on_exceeded,
                                                .context = process};

    process->watch = ot_cell_watch_new(&watch);
}

static void finish(struct ot_cell_process *process, enum ot_cell_exit why, const char *text)
{
    const struct ot_cell_process_options options = process->options;
    int64_t lived = process->ready_at > 0 ? ot_now_ms() - process->ready_at : -1;

    for (size_t rest = 0; rest < REST_MAX && process->output_fd >= 0 && read_output(process);)
        rest += READ_MAX;
    release(process);
    options.ended(options.context, why, lived, text);
    free(process);
}

/* While it goes on. What it told its owner comes last, who may do with it what he wants. */
static void settle(struct ot_cell_process *process)
{
    struct ot_error err = {0};

    if (settle_watches(process, &err) < 0) {
        finish(process, OT_EXIT_START_FAILED, err.message);
        return;
    }
    settle_timer(process);
    /* what was stopped before may still have said that it is ready, and is not any more */
    if (ot_engine_state(process->engine) == OT_ENGINE_READY && process->ready_at == 0 &&
        !process->stopping) {
        process->ready_at = ot_now_ms();
        begin_watch(process);
        process->options.ready(process->options.context);
    }
}

/* Lets the engine do what is due, or what was found at `slot`; the process may be gone then. */
static void run_engine(struct ot_cell_process *process, int slot)
{
    struct pollfd fds[OT_ENGINE_FDS];
    bool timed_out = slot != OT_ENGINE_END && ot_engine_timeout(process->engine) == 0;
    struct ot_error err = {0};
    char status[128];
    int result;

    for (int i = 0; i < (int)OT_ENGINE_FDS; i++)
        fds[i] = (struct pollfd){-1, 0, i == slot ? POLLIN : 0};
    result = ot_engine_handle(process->engine, fds, &err);
    if (ot_engine_state(process->engine) > OT_ENGINE_LOADING)
        ot_engine_config_free(OT_STEAL(process->config));
    if (result < 0) {
        finish(process, reason(process, timed_out), err.message);
    } else if (ot_engine_state(process->engine) == OT_ENGINE_ENDED) {
        enum ot_cell_exit why = reason(process, false);

        if (process->exceeded != OT_EXIT_NONE && why == process->exceeded)
            snprintf(status, sizeof(status), "%s", process->excess);
        else if (why == OT_EXIT_MEMORY)
            snprintf(status, sizeof(status), "ended: it has no more memory");
        else
            ot_process_status_text(ot_engine_status(process->engine), status, sizeof(status));
        finish(process, why, status);
    } else {
        settle(process);
    }
}

static int start(struct ot_cell_process *process, const struct ot_cell_process_options *options,
                 struct ot_error *err)
{
    struct ot_engine_options engine = {.program = options->program,
                                       .config = process->config,
                                       .listen_fd = options->listen_fd,
                                       .stderr_fd = -1,
                                       .errors = take_errors,
                                       .errors_context = process,
                                       .start_timeout_ms = options->start_timeout_ms};
    OT_AUTOCLOSE int theirs = -1;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return ot_fail_errno(err, OT_FAILED, "engine: pipe");
    process->output_fd = ends[0];
    engine.stdout_fd = theirs = ends[1];
    fcntl(process->output_fd, F_SETFL, O_NONBLOCK);
    if (ot_engine_start(&engine, &process->engine, err) < 0)
        return -1;
    ot_slice_engine(ot_engine_pid(process->engine), OT_SLICE_STARTS);
    process->timer = ot_alloc(1, sizeof(*process->timer));
    uv_timer_init(options->loop, process->timer);
    process->timer->data = process;
    if (settle_watches(process, err) < 0)
        return -1;
    settle_timer(process);
    return 0;
}

int ot_cell_process_start(const struct ot_cell_process_options *options,
                          struct ot_cell_process **out, struct ot_error *err)
{
    struct ot_cell_process *process = ot_alloc(1, sizeof(*process));

    process->options = *options;
    process->options.program = NULL;
    process->config = options->config;
    process->output_fd = -1;
    process->output = (struct ot_output){.log = options->log, .name = options->name};
    if (start(process, options, err) < 0) {
        ot_cell_process_free(process);
        return -1;
    }
    *out = process;
    return 0;
}

void ot_cell_process_stop(struct ot_cell_process *process, uint64_t drain_ms)
{
    process->stopping = true;
    process->killed = process->ready_at == 0 || drain_ms == 0;
    if (process->killed) {
        ot_engine_kill(process->engine);
        return;
    }
    ot_cell_watch_draining(process->watch);
    ot_engine_stop(process->engine);
    process->kill_at = ot_now_ms() + (int64_t)drain_ms;
    settle_timer(process);
}

pid_t ot_cell_process_pid(const struct ot_cell_process *process)
{
    return ot_engine_pid(process->engine);
}
