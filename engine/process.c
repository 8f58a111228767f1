#include "engine/process.h"

#include "engine/control.h"
#include "engine/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Numbers in the engine. */
#define CHILD_LISTEN 3
#define CHILD_CONTROL 4
/* What is kept of its standard error until it is ready; older text is passed on. */
#define HELD_MAX 8192u
/* What is kept for a reader of our log who is slow; text beyond that is dropped, so that he never
 * stops a function. */
#define LOG_MAX (256u << 10)
#define PIPE_BYTES (1 << 20)
/* How long a reader of our log who does not read can hold us up where there is no later. */
#define LOG_WAIT_MS 1000

/* It looks for a configuration behind its own program, and says so when that is only in memory. */
#define NO_FILE                                                                                    \
    "Unable to find and open the program executable, so unable to determine if there is a "        \
    "compiled-in config file. Proceeding on the assumption that there is not.\n"

/* What is polled: our ends of its pipes, its pidfd, and our own standard error. */
enum { CONFIG, CONTROL, ERRORS = OT_ENGINE_ERRORS, END = OT_ENGINE_END, LOG };

struct ot_engine {
    enum ot_engine_state state;
    pid_t pid;
    int status;
    int fds[END + 1]; /* ours: config to it, control and errors from it, its pidfd; -1 when
                               closed */
    int stderr_fd;
    void (*errors)(void *context, struct ot_span text); /* instead of stderr_fd; or NULL */
    void *errors_context;
    char *path;
    struct ot_engine_config *config;
    int64_t deadline; /* of ot_now_ms */
    uint64_t start_timeout_ms;
    struct ot_buf held;    /* its standard error, until it is ready or our reader takes it */
    uint64_t lost;         /* bytes of it that were dropped */
    struct ot_buf control; /* a line that is not complete yet */
};

/* Its whole environment, NULL-terminated: what both sides allow, and nothing of ours besides. */
static char **make_environment(const struct ot_list *names)
{
    char **envp = ot_alloc(names->count + 1, sizeof(*envp));
    size_t count = 0;

    for (size_t i = 0; i < names->count; i++) {
        const char *value = getenv(names->items[i]);

        if (value != NULL)
            envp[count++] = ot_asprintf("%s=%s", names->items[i], value);
    }
    return envp;
}

static void free_environment(char **envp)
{
    for (size_t i = 0; envp[i] != NULL; i++)
        free(envp[i]);
    free(envp);
}

/* `theirs` are the ends for the child: config, control, errors. */
static int spawn(struct ot_engine *engine, const struct ot_engine_options *options,
                 const int theirs[END], struct ot_error *err)
{
    char **envp = make_environment(ot_engine_config_env(options->config));
    char socket_option[64], control_option[32];
    const char *const argv[] = {options->program->name, "serve",        "--binary", "-",
                                socket_option,          control_option, NULL};
    const struct ot_fd_map fds[] = {
        {theirs[CONFIG], STDIN_FILENO},   {options->stdout_fd, STDOUT_FILENO},
        {theirs[ERRORS], STDERR_FILENO},  {options->listen_fd, CHILD_LISTEN},
        {theirs[CONTROL], CHILD_CONTROL},
    };
    const struct ot_process_options process = {.argv = argv,
                                               .program_fd = options->program->fd,
                                               .envp = (const char *const *)envp,
                                               .cwd = "/",
                                               .fds = fds,
                                               .fd_count = OT_COUNT(fds),
                                               .die_with_parent = true,
                                               .no_new_privileges = true,
                                               .own_group = true};
    int started;

    snprintf(socket_option, sizeof(socket_option), "--socket-fd=" OT_ENGINE_SOCKET "=%d",
             CHILD_LISTEN);
    snprintf(control_option, sizeof(control_option), "--control-fd=%d", CHILD_CONTROL);
    started = ot_process_start(&process, &engine->pid, err);
    free_environment(envp);
    return started;
}

static int start(struct ot_engine *engine, const struct ot_engine_options *options,
                 struct ot_error *err)
{
    int theirs[END] = {-1, -1, -1};
    int result = 0;

    for (int i = 0; i < END && result == 0; i++) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0) {
            result = ot_fail_errno(err, OT_FAILED, "engine: pipe");
            break;
        }
        engine->fds[i] = ends[i == CONFIG];
        theirs[i] = ends[i != CONFIG];
        fcntl(engine->fds[i], F_SETFL, O_NONBLOCK);
    }
    /* fewer switches between us and it; not getting it costs only those */
    if (result == 0)
        (void)fcntl(engine->fds[CONFIG], F_SETPIPE_SZ, PIPE_BYTES);
    if (result == 0)
        result = spawn(engine, options, theirs, err);
    for (int i = 0; i < END; i++)
        ot_autoclose(&theirs[i]);
    if (result < 0)
        return -1;
    engine->fds[END] = pidfd_open(engine->pid, 0);
    if (engine->fds[END] < 0)
        return ot_fail_errno(err, OT_FAILED, "engine: pidfd");
    return 0;
}

int ot_engine_start(const struct ot_engine_options *options, struct ot_engine **out,
                    struct ot_error *err)
{
    OT_AUTOENGINE struct ot_engine *engine = NULL;

    if (ot_engine_program_unchanged(options->program, err) < 0)
        return -1;
    engine = ot_alloc(1, sizeof(*engine));
    *engine = (struct ot_engine){.fds = {-1, -1, -1, -1},
                                 .stderr_fd = options->stderr_fd,
                                 .errors = options->errors,
                                 .errors_context = options->errors_context,
                                 .path = ot_strdup(options->program->name),
                                 .config = options->config,
                                 .start_timeout_ms = options->start_timeout_ms,
                                 .deadline = ot_now_ms() + (int64_t)options->start_timeout_ms};
    if (start(engine, options, err) < 0)
        return -1;
    *out = OT_STEAL(engine);
    return 0;
}

static void reap(struct ot_engine *engine)
{
    while (waitpid(engine->pid, &engine->status, 0) < 0 && errno == EINTR)
        continue;
    engine->pid = 0;
    engine->state = OT_ENGINE_ENDED;
    ot_autoclose(&engine->fds[CONFIG]);
    ot_autoclose(&engine->fds[CONTROL]);
    ot_autoclose(&engine->fds[END]);
}

void ot_engine_free(struct ot_engine *engine)
{
    if (engine == NULL)
        return;
    if (engine->pid > 0) {
        ot_engine_kill(engine);
        reap(engine);
    }
    for (int i = 0; i <= END; i++)
        ot_autoclose(&engine->fds[i]);
    ot_buf_free(&engine->held);
    ot_buf_free(&engine->control);
    free(engine->path);
    free(engine);
}

void ot_engine_cleanup(struct ot_engine **engine)
{
    ot_engine_free(*engine);
}

static bool has_text_to_pass_on(const struct ot_engine *engine)
{
    return engine->state == OT_ENGINE_READY && engine->held.len > 0;
}

size_t ot_engine_poll(const struct ot_engine *engine, struct pollfd fds[OT_ENGINE_FDS])
{
    for (int i = 0; i <= END; i++)
        fds[i] = (struct pollfd){engine->fds[i], (short)(i == CONFIG ? POLLOUT : POLLIN), 0};
    fds[LOG] = (struct pollfd){has_text_to_pass_on(engine) ? engine->stderr_fd : -1, POLLOUT, 0};
    return OT_ENGINE_FDS;
}

int ot_engine_timeout(const struct ot_engine *engine)
{
    int64_t left = engine->deadline - ot_now_ms();

    if (engine->state >= OT_ENGINE_READY)
        return -1;
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* How much of the first `len` bytes of what is held the reader of our log has taken, or will never
 * take. */
static size_t write_log(const struct ot_engine *engine, size_t len, int wait_ms)
{
    struct pollfd to = {engine->stderr_fd, POLLOUT, 0};
    size_t done = 0;

    while (done < len && poll(&to, 1, wait_ms) > 0) {
        /* a pipe that can be written to takes as much without blocking */
        size_t piece = len - done < PIPE_BUF ? len - done : PIPE_BUF;
        ssize_t put = write(engine->stderr_fd, engine->held.data + done, piece);

        if (put > 0)
            done += (size_t)put;
        else if (errno != EINTR && errno != EAGAIN)
            done = len;
    }
    return done;
}

/*
 * Passes the first `len` bytes of what is held on, without ever waiting longer than `wait_ms` for
 * whoever reads our log; what he cannot take yet stays held. Where nobody reads it any more, it is
 * dropped.
 */
static void pass_on(struct ot_engine *engine, size_t len, int wait_ms)
{
    size_t done = len;

    if (len == 0)
        return;
    if (engine->errors == NULL)
        done = write_log(engine, len, wait_ms);
    else
        engine->errors(engine->errors_context, (struct ot_span){engine->held.data, len});
    memmove(engine->held.data, engine->held.data + done, engine->held.len - done);
    engine->held.len -= done;
    if (engine->held.len == 0 && engine->lost > 0) {
        ot_buf_printf(&engine->held, "(%llu bytes of the log were dropped: its reader is slow)\n",
                      (unsigned long long)engine->lost);
        engine->lost = 0;
    }
}

/* What a client made a function log must not steer the operator's terminal. */
static void mask_controls(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t') ||
            text[i] == '\x7f')
            text[i] = '?';
    }
}

/* False when there is nothing more now. */
static bool read_errors(struct ot_engine *engine)
{
    ssize_t got = read(engine->fds[ERRORS], ot_buf_reserve(&engine->held, HELD_MAX), HELD_MAX);

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return errno == EINTR;
    if (got <= 0) {
        ot_autoclose(&engine->fds[ERRORS]);
        return false;
    }
    mask_controls(engine->held.data + engine->held.len, (size_t)got);
    if (engine->held.len >= LOG_MAX) {
        engine->lost += (uint64_t)got;
        return true;
    }
    engine->held.len += (size_t)got;
    if (engine->state != OT_ENGINE_READY && engine->held.len > HELD_MAX)
        pass_on(engine, engine->held.len - HELD_MAX, LOG_WAIT_MS);
    return true;
}

/* Nobody can do anything about it, and it has read ours. */
static void drop_notice(struct ot_buf *held)
{
    size_t len = strlen(NO_FILE);

    if (held->len < len || memcmp(held->data, NO_FILE, len) != 0)
        return;
    memmove(held->data, held->data + len, held->len - len);
    held->len -= len;
}

static void become_ready(struct ot_engine *engine)
{
    engine->state = OT_ENGINE_READY;
    ot_autoclose(&engine->fds[CONTROL]);
    drop_notice(&engine->held);
    if (engine->errors != NULL)
        pass_on(engine, engine->held.len, 0);
}

static int read_line(struct ot_engine *engine, struct ot_span line, struct ot_error *err)
{
    struct ot_control_event event;

    if (ot_control_parse(line, &event, err) < 0)
        return -1;
    /* it may listen before it has read all of its configuration only if it is no engine of ours */
    if (event.listening && strcmp(event.socket, OT_ENGINE_SOCKET) == 0 &&
        engine->state == OT_ENGINE_STARTING)
        become_ready(engine);
    return 0;
}

static int read_control(struct ot_engine *engine, struct ot_error *err)
{
    struct ot_buf *buf = &engine->control;
    ssize_t got =
        read(engine->fds[CONTROL], ot_buf_reserve(buf, OT_CONTROL_LINE_MAX), OT_CONTROL_LINE_MAX);
    size_t start = 0;
    const char *end;

    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (got <= 0) {
        ot_autoclose(&engine->fds[CONTROL]);
        return 0;
    }
    buf->len += (size_t)got;
    while (engine->state != OT_ENGINE_READY &&
           (end = memchr(buf->data + start, '\n', buf->len - start)) != NULL) {
        struct ot_span line = {buf->data + start, (size_t)(end - buf->data) - start};

        if (read_line(engine, line, err) < 0)
            return -1;
        start += line.len + 1;
    }
    memmove(buf->data, buf->data + start, buf->len - start);
    buf->len -= start;
    if (buf->len > OT_CONTROL_LINE_MAX)
        return ot_fail(err, OT_TOOL, "the engine's control message is longer than %u bytes",
                       OT_CONTROL_LINE_MAX);
    return 0;
}

static int load(struct ot_engine *engine, struct ot_error *err)
{
    struct ot_error broken = {0};
    int done = ot_engine_config_write(engine->config, engine->fds[CONFIG], &broken);

    /* when it has ended, its status and last lines say more than "broken pipe" */
    if (done < 0 && broken.errnum != EPIPE) {
        *err = broken;
        return -1;
    }
    if (done != 0) {
        ot_autoclose(&engine->fds[CONFIG]);
        if (done > 0)
            engine->state = OT_ENGINE_STARTING;
    }
    return 0;
}

static int ended(struct ot_engine *engine, struct ot_error *err)
{
    bool was_ready = engine->state == OT_ENGINE_READY;
    char what[128];

    while (engine->fds[ERRORS] >= 0 && read_errors(engine))
        continue;
    reap(engine);
    ot_autoclose(&engine->fds[ERRORS]);
    if (was_ready) {
        pass_on(engine, engine->held.len, LOG_WAIT_MS);
        return 0;
    }
    drop_notice(&engine->held);
    ot_process_status_text(engine->status, what, sizeof(what));
    return ot_engine_failure(engine->path, what, ot_buf_span(&engine->held), err);
}

static int handle(struct ot_engine *engine, const struct pollfd fds[OT_ENGINE_FDS],
                  struct ot_error *err)
{
    if (fds[ERRORS].revents != 0 && engine->fds[ERRORS] >= 0)
        (void)read_errors(engine);
    if (has_text_to_pass_on(engine))
        pass_on(engine, engine->held.len, 0);
    if (fds[CONFIG].revents != 0 && engine->fds[CONFIG] >= 0 && load(engine, err) < 0)
        return -1;
    if (fds[CONTROL].revents != 0 && engine->fds[CONTROL] >= 0 && read_control(engine, err) < 0)
        return -1;
    if (fds[END].revents != 0 && engine->state != OT_ENGINE_ENDED)
        return ended(engine, err);
    if (engine->state < OT_ENGINE_READY && ot_now_ms() >= engine->deadline) {
        char what[64];

        snprintf(what, sizeof(what), "was not ready within %llu ms",
                 (unsigned long long)engine->start_timeout_ms);
        return ot_engine_failure(engine->path, what, ot_buf_span(&engine->held), err);
    }
    return 0;
}

int ot_engine_handle(struct ot_engine *engine, const struct pollfd fds[OT_ENGINE_FDS],
                     struct ot_error *err)
{
    int result = handle(engine, fds, err);

    if (result < 0 && engine->pid > 0) {
        ot_engine_kill(engine);
        reap(engine);
    }
    return result;
}

enum ot_engine_state ot_engine_state(const struct ot_engine *engine)
{
    return engine->state;
}

pid_t ot_engine_pid(const struct ot_engine *engine)
{
    return engine->pid;
}

int ot_engine_status(const struct ot_engine *engine)
{
    return engine->status;
}

void ot_engine_stop(struct ot_engine *engine)
{
    if (engine->pid > 0)
        kill(engine->pid, SIGTERM);
}

void ot_engine_kill(struct ot_engine *engine)
{
    if (engine->pid > 0)
        kill(engine->pid, SIGKILL);
}
