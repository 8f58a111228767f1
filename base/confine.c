#include "base/confine.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define NUMBER_MAX 0x3fffffffu /* above: those of the x32 ABI */
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define NUMBER_MAX 0xffffffffu
#else
#error "which system calls are there?"
#endif

#define LOAD(member)                                                                               \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, member))
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES)
#define REFUSE_IF(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), REFUSE

/* Everything that makes or uses a socket, rings that can do the same, and other programs. */
static struct sock_filter filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
    REFUSE,
    LOAD(nr),
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, NUMBER_MAX, 0, 1),
    REFUSE,
    REFUSE_IF(SYS_socket),
    REFUSE_IF(SYS_socketpair),
    REFUSE_IF(SYS_connect),
    REFUSE_IF(SYS_bind),
    REFUSE_IF(SYS_listen),
    REFUSE_IF(SYS_accept),
    REFUSE_IF(SYS_accept4),
    REFUSE_IF(SYS_sendto),
    REFUSE_IF(SYS_sendmsg),
    REFUSE_IF(SYS_sendmmsg),
    REFUSE_IF(SYS_recvfrom),
    REFUSE_IF(SYS_recvmsg),
    REFUSE_IF(SYS_recvmmsg),
    REFUSE_IF(SYS_io_uring_setup),
    REFUSE_IF(SYS_io_uring_enter),
    REFUSE_IF(SYS_execve),
    REFUSE_IF(SYS_execveat),
    REFUSE_IF(SYS_ptrace),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

struct task {
    int (*work)(void *context, struct ot_error *err);
    void *context;
    struct ot_error *err;
    int result;
};

static void *run(void *argument)
{
    const struct sock_fprog program = {(unsigned short)OT_COUNT(filter), filter};
    struct task *task = argument;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    task->result = task->work(task->context, task->err);
    return NULL;
}

int ot_confined(int (*work)(void *context, struct ot_error *err), void *context,
                struct ot_error *err)
{
    struct task task = {.work = work, .context = context, .err = err, .result = -1};
    pthread_t thread;
    sigset_t all, before;
    int failed;

    /* signals stay with the threads that the caller knows */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&thread, NULL, run, &task);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        errno = failed;
        return ot_fail_errno(err, OT_FAILED, "no thread to verify on");
    }
    pthread_join(thread, NULL);
    return task.result;
}
