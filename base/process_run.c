/* A child process from start to end, with its input and both outputs moving at the same time. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IN, OUT, ERRORS, STREAMS, END = STREAMS, ENDS };

struct run {
    const char *name;
    struct ot_span input;
    size_t sent;
    size_t max_output;
    int64_t deadline; /* of ot_now_ms */
    int ends[ENDS];   /* ours of the streams, and its pidfd; -1 when closed */
    struct ot_process_result *result;
};

void ot_process_result_free(struct ot_process_result *result)
{
    ot_buf_free(&result->out);
    ot_buf_free(&result->errors);
}

static int send_some(struct run *run, struct ot_error *err)
{
    ssize_t put = write(run->ends[IN], run->input.data + run->sent, run->input.len - run->sent);

    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    /* a program may end without reading all of its input: its status says whether that is wrong */
    if (put < 0 && errno != EPIPE)
        return ot_fail_errno(err, OT_TOOL, "%s: writing its input", run->name);
    run->sent += put > 0 ? (size_t)put : 0;
    if (put < 0 || run->sent == run->input.len)
        ot_autoclose(&run->ends[IN]);
    return 0;
}

static int receive_some(struct run *run, int stream, struct ot_error *err)
{
    struct ot_buf *buf = stream == OUT ? &run->result->out : &run->result->errors;
    ssize_t got = read(run->ends[stream], ot_buf_reserve(buf, 65536), 65536);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got < 0)
        return ot_fail_errno(err, OT_TOOL, "%s: reading its output", run->name);
    if (got == 0) {
        ot_autoclose(&run->ends[stream]);
        return 0;
    }
    buf->len += (size_t)got;
    buf->data[buf->len] = '\0';
    if (buf->len > run->max_output)
        return ot_fail(err, OT_TOOL, "%s: wrote more than %zu bytes", run->name, run->max_output);
    return 0;
}

static bool goes_on(const struct run *run)
{
    for (int i = 0; i < ENDS; i++) {
        if (run->ends[i] >= 0)
            return true;
    }
    return false;
}

/* Until every stream is closed and the child has ended. */
static int move_data(struct run *run, struct ot_error *err)
{
    while (goes_on(run)) {
        struct pollfd polled[ENDS];
        int64_t left = run->deadline - ot_now_ms();

        if (left <= 0)
            return ot_fail(err, OT_TOOL, "%s: did not end in time", run->name);
        for (int i = 0; i < ENDS; i++)
            polled[i] = (struct pollfd){run->ends[i], (short)(i == IN ? POLLOUT : POLLIN), 0};
        if (poll(polled, ENDS, (int)left) < 0 && errno != EINTR)
            return ot_fail_errno(err, OT_TOOL, "%s: poll", run->name);
        if (polled[IN].revents != 0 && run->ends[IN] >= 0 && send_some(run, err) < 0)
            return -1;
        for (int i = OUT; i <= ERRORS; i++) {
            if (polled[i].revents != 0 && run->ends[i] >= 0 && receive_some(run, i, err) < 0)
                return -1;
        }
        if (polled[END].revents != 0)
            ot_autoclose(&run->ends[END]);
    }
    return 0;
}

static int start_with_pipes(struct run *run, const struct ot_process_options *options, pid_t *pid,
                            struct ot_error *err)
{
    OT_AUTOFREE struct ot_fd_map *map = ot_alloc(STREAMS + options->fd_count, sizeof(*map));
    struct ot_process_options with_pipes = *options;
    int started;

    for (int i = 0; i < STREAMS; i++) {
        int pair[2];

        if (pipe2(pair, O_CLOEXEC) < 0) {
            for (int k = 0; k < i; k++)
                close(map[k].parent);
            return ot_fail_errno(err, OT_FAILED, "%s: pipe", run->name);
        }
        run->ends[i] = pair[i == IN];
        map[i] = (struct ot_fd_map){pair[i != IN], i};
        fcntl(run->ends[i], F_SETFL, O_NONBLOCK);
    }
    for (size_t i = 0; i < options->fd_count; i++)
        map[STREAMS + i] = options->fds[i];
    with_pipes.fds = map;
    with_pipes.fd_count = STREAMS + options->fd_count;
    started = ot_process_start(&with_pipes, pid, err);
    for (int i = 0; i < STREAMS; i++)
        close(map[i].parent);
    return started;
}

int ot_process_run(const struct ot_process_options *options, struct ot_span input,
                   size_t max_output, unsigned timeout_ms, struct ot_process_result *result,
                   struct ot_error *err)
{
    struct run run = {.name = options->argv[0],
                      .input = input,
                      .max_output = max_output,
                      .deadline = ot_now_ms() + timeout_ms,
                      .ends = {-1, -1, -1, -1},
                      .result = result};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    int done = -1;
    pid_t pid;

    sigaction(SIGPIPE, &ignore, &before);
    if (start_with_pipes(&run, options, &pid, err) == 0) {
        if (input.len == 0)
            ot_autoclose(&run.ends[IN]);
        run.ends[END] = pidfd_open(pid, 0);
        done = run.ends[END] >= 0 ? move_data(&run, err)
                                  : ot_fail_errno(err, OT_FAILED, "%s: pidfd", run.name);
        if (done < 0)
            kill(options->own_group ? -pid : pid, SIGKILL);
        if (done == 0)
            done = ot_process_wait(pid, &result->status, err);
        else
            waitpid(pid, &result->status, 0);
    }
    for (int i = 0; i < ENDS; i++)
        ot_autoclose(&run.ends[i]);
    sigaction(SIGPIPE, &before, NULL);
    return done;
}
