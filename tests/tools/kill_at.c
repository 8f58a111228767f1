/*
 * `kill_at N COMMAND...`: runs a program and kills it at its Nth system call from the first lock
 * that it takes on (of the state file, the receipts, the folder that is made); before the call does
 * anything. Exits with 0 when it was killed there, with 9 when it has ended well, or had remembered
 * its release and waits for requests (then it is killed, too), else with 1.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int end_at(pid_t pid, int code)
{
    int status;

    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return code;
}

/* Up to the next stop, with signals passed on. False: it has ended, as `status` says. */
static bool go_on(pid_t pid, int *status)
{
    int number = 0;

    for (;;) {
        if (ptrace(PTRACE_SYSCALL, pid, 0, number) < 0 || waitpid(pid, status, 0) != pid ||
            !WIFSTOPPED(*status))
            return false;
        if (WSTOPSIG(*status) == (SIGTRAP | 0x80))
            return true;
        number = WSTOPSIG(*status) == SIGTRAP ? 0 : WSTOPSIG(*status); /* that is execve's */
    }
}

static int follow(pid_t pid, unsigned number)
{
    unsigned seen = 0;
    int status = -1;

    while (go_on(pid, &status)) {
        struct __ptrace_syscall_info info;

        if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
            return end_at(pid, 1);
        if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
            continue;
        if (seen > 0 && info.entry.nr == SYS_poll)
            return end_at(pid, 9);
        if (seen > 0 || info.entry.nr == SYS_flock)
            seen++;
        if (seen == number)
            return end_at(pid, 0);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 9 : 1;
}

int main(int argc, char **argv)
{
    unsigned number = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    pid_t pid;
    int status;

    if (number == 0)
        return 2;
    pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        execv(argv[2], argv + 2);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid ||
        ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0)
        return 1;
    return follow(pid, number);
}
