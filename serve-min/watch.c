#include "serve-min/watch.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Who stops a whole process group may reach us twice; that is not somebody's second thought. */
#define SAME_SIGNAL_MS 500

/*
 * Waits for the engine or a signal, at most `timeout` ms (-1: for ever). 1: a signal came. New
 * connections are the engine's, unless it is `refusing` them.
 */
static int wait_once(struct ot_watch *watch, int timeout, bool refusing, struct ot_error *err)
{
    struct pollfd fds[OT_ENGINE_FDS + 2];
    struct signalfd_siginfo signal;
    size_t count = ot_engine_poll(watch->engine, fds);
    int engine_timeout = ot_engine_timeout(watch->engine);

    if (engine_timeout >= 0 && (timeout < 0 || engine_timeout < timeout))
        timeout = engine_timeout;
    fds[count] = (struct pollfd){watch->signals, POLLIN, 0};
    fds[count + 1] = (struct pollfd){refusing ? watch->listen->fd : -1, POLLIN, 0};
    if (poll(fds, count + 2, timeout) < 0) {
        if (errno == EINTR)
            return 0;
        return ot_fail_errno(err, OT_FAILED, "poll");
    }
    if (ot_engine_handle(watch->engine, fds, err) < 0)
        return -1;
    if (fds[count + 1].revents != 0)
        ot_listen_refuse(watch->listen);
    return fds[count].revents != 0 && read(watch->signals, &signal, sizeof(signal)) > 0;
}

int ot_watch_start(struct ot_watch *watch, struct ot_error *err)
{
    bool loaded = false;

    while (ot_engine_state(watch->engine) < OT_ENGINE_READY) {
        int signalled = wait_once(watch, -1, false, err);

        if (signalled < 0)
            return -1;
        if (!loaded && ot_engine_state(watch->engine) > OT_ENGINE_LOADING) {
            watch->loaded(watch->context);
            loaded = true;
        }
        if (signalled > 0) {
            ot_engine_kill(watch->engine);
            return 0;
        }
    }
    return 1;
}

static int judge_end(const struct ot_watch *watch, bool asked, bool cut_off, struct ot_error *err)
{
    int status = ot_engine_status(watch->engine);
    char text[128];

    ot_process_status_text(status, text, sizeof(text));
    if (cut_off)
        return ot_fail(err, OT_FAILED,
                       "stopped before every request was answered (see --drain-ms)");
    if (asked && (WIFEXITED(status) || WTERMSIG(status) == SIGTERM))
        return 0;
    return ot_fail(err, OT_TOOL, "the engine %s", text);
}

int ot_watch_run(struct ot_watch *watch, struct ot_error *err)
{
    bool asked = false, cut_off = false;
    int64_t asked_at = 0, deadline = 0;

    while (ot_engine_state(watch->engine) != OT_ENGINE_ENDED) {
        int64_t left = deadline - ot_now_ms();
        int timeout = !asked || cut_off ? -1 : left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
        int signalled =
            wait_once(watch, timeout, asked && watch->listen->kind != OT_LISTEN_FD, err);

        if (signalled < 0)
            return -1;
        if (signalled > 0 && !asked) {
            asked = true;
            asked_at = ot_now_ms();
            deadline = asked_at + (int64_t)watch->drain_ms;
            watch->stopping(watch->context);
            ot_engine_stop(watch->engine);
            ot_listen_refuse(watch->listen);
        } else if (asked && !cut_off &&
                   ((signalled > 0 && ot_now_ms() - asked_at > SAME_SIGNAL_MS) ||
                    ot_now_ms() >= deadline) &&
                   ot_engine_state(watch->engine) != OT_ENGINE_ENDED) {
            cut_off = true;
            ot_engine_kill(watch->engine);
        }
    }
    return judge_end(watch, asked, cut_off, err);
}
