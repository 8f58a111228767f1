#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FD_MAX 64u

/* Where the child keeps descriptors while it puts them in order: above every number it will use. */
static int stage_of(const struct ot_process_options *options)
{
    int stage = 3;

    for (size_t i = 0; i < options->fd_count; i++) {
        if (options->fds[i].child >= stage)
            stage = options->fds[i].child + 1;
    }
    return stage;
}

static bool wanted_in_child(const struct ot_process_options *options, int fd)
{
    for (size_t i = 0; i < options->fd_count; i++) {
        if (options->fds[i].child == fd)
            return true;
    }
    return false;
}

/*
 * In the child, between vfork and exec: only async-signal-safe calls. First every descriptor moves
 * out of the way, then each takes its number, so that no order of numbers overwrites one that is
 * still needed.
 */
static int arrange_fds(const struct ot_process_options *options)
{
    int staged[FD_MAX];

    for (size_t i = 0; i < options->fd_count; i++) {
        staged[i] = fcntl(options->fds[i].parent, F_DUPFD_CLOEXEC, stage_of(options));
        if (staged[i] < 0)
            return -1;
    }
    for (size_t i = 0; i < options->fd_count; i++) {
        if (dup2(staged[i], options->fds[i].child) < 0)
            return -1;
    }
    for (int fd = 0; fd <= 2; fd++) {
        int null;

        if (wanted_in_child(options, fd))
            continue;
        null = open("/dev/null", O_RDWR);
        if (null < 0 || (null != fd && (dup2(null, fd) < 0 || close(null) < 0)))
            return -1;
    }
    return 0;
}

/* Everything else is closed at exec, whoever opened it without O_CLOEXEC. */
static void close_others_at_exec(const struct ot_process_options *options)
{
    unsigned start = 3;

    for (;;) {
        unsigned next = UINT32_MAX;

        for (size_t i = 0; i < options->fd_count; i++) {
            unsigned fd = (unsigned)options->fds[i].child;

            if (fd >= start && fd < next)
                next = fd;
        }
        if (next > start)
            syscall(SYS_close_range, start, next == UINT32_MAX ? next : next - 1,
                    4u /* CLOSE_RANGE_CLOEXEC */);
        if (next == UINT32_MAX)
            return;
        start = next + 1;
    }
}

/*
 * A descriptor is executed without a look at any path. Only the interpreter of a script has to find
 * what it shall read, and the kernel says so with ENOENT.
 */
static void execute(const struct ot_process_options *options, const char *path, int program)
{
    static char *const nothing[] = {NULL};
    /* exec takes no const, and changes nothing */
    char *const *argv = (char *const *)(uintptr_t)options->argv;
    char *const *envp = options->envp != NULL ? (char *const *)(uintptr_t)options->envp : nothing;

    if (program == 0) {
        execve(path, argv, envp);
        return;
    }
    execveat(program, "", argv, envp, AT_EMPTY_PATH);
    if (errno == ENOENT && fcntl(program, F_SETFD, 0) == 0)
        execveat(program, "", argv, envp, AT_EMPTY_PATH);
}

static void reset_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void run_child(const struct ot_process_options *options, const char *path,
                                pid_t parent, int report)
{
    int program = options->program_fd;
    int errnum;

    reset_signals();
    if (program != 0)
        program = fcntl(program, F_DUPFD_CLOEXEC, stage_of(options));
    if (program >= 0 && (!options->own_group || setpgid(0, 0) == 0) &&
        (!options->die_with_parent || prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) &&
        (!options->no_new_privileges || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) &&
        (options->cwd == NULL || chdir(options->cwd) == 0) && arrange_fds(options) == 0) {
        close_others_at_exec(options);
        if (options->die_with_parent && getppid() != parent)
            _exit(127); /* it ended before the kernel was told */
        execute(options, path, program);
    }
    errnum = errno;
    if (write(report, &errnum, sizeof(errnum)) < 0)
        _exit(126);
    _exit(127);
}

int ot_process_start(const struct ot_process_options *options, pid_t *pid, struct ot_error *err)
{
    const char *name = options->argv[0];
    OT_AUTOFREE char *path =
        strchr(name, '/') != NULL ? ot_strdup(name) : ot_find_program(name, NULL);
    OT_AUTOCLOSE int read_end = -1;
    pid_t parent = getpid();
    sigset_t all, before;
    int report[2];
    int errnum;
    ssize_t got;

    if (options->fd_count > FD_MAX)
        return ot_fail(err, OT_FAILED, "%s: too many descriptors", name);
    if (path == NULL) {
        errno = ENOENT;
        return ot_fail_errno(err, OT_TOOL, "cannot run %s", name);
    }
    if (pipe2(report, O_CLOEXEC) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s: pipe", name);
    read_end = report[0];
    /*
     * Not fork: copying the page tables of a program that holds a large payload takes milliseconds,
     * and makes its other threads copy what they write to next. Until it runs something else the
     * child uses our memory, so our signal handlers must not run in it.
     */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    *pid = vfork();
    if (*pid == 0) {
        /* the report must not stand where a wanted descriptor goes */
        int high = fcntl(report[1], F_DUPFD_CLOEXEC, stage_of(options));

        run_child(options, path, parent, high >= 0 ? high : report[1]);
    }
    errnum = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (*pid < 0) {
        errno = errnum;
        return ot_fail_errno(err, OT_FAILED, "%s: cannot start a process", name);
    }
    do {
        got = read(read_end, &errnum, sizeof(errnum));
    } while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof(errnum)) {
        waitpid(*pid, NULL, 0);
        errno = errnum;
        return ot_fail_errno(err, OT_TOOL, "cannot run %s", name);
    }
    return 0;
}

int ot_process_wait(pid_t pid, int *status, struct ot_error *err)
{
    while (waitpid(pid, status, 0) < 0) {
        if (errno != EINTR)
            return ot_fail_errno(err, OT_FAILED, "waiting for process %d", (int)pid);
    }
    return 0;
}

void ot_process_status_text(int status, char *out, size_t out_size)
{
    if (WIFSIGNALED(status))
        snprintf(out, out_size, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(out, out_size, "exited with code %d", WEXITSTATUS(status));
}
