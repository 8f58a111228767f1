/* Time slices of threads, as the kernel has them afterwards. */
#include "tests/unit/unit.h"

#include "gateway/slice.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT 100000u
#define LONG 100000000u

/* sched_setattr(2), which this libc does not declare */
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice, deadline, period;
};

static struct attributes attributes_of(pid_t thread)
{
    struct attributes attributes = {0};

    assert_int_equal(syscall(SYS_sched_getattr, thread, &attributes, sizeof(attributes), 0), 0);
    return attributes;
}

static void *tell_number(void *context)
{
    pid_t own = (pid_t)syscall(SYS_gettid);

    if (write(*(int *)context, &own, sizeof(own)) != sizeof(own))
        _exit(1);
    pause();
    return NULL;
}

/* A process with a second thread, whose number comes in `thread`. */
static pid_t start_process(pid_t *thread)
{
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        pthread_t second;

        if (pthread_create(&second, NULL, tell_number, &ends[1]) == 0)
            pthread_join(second, NULL);
        _exit(1);
    }
    assert_int_equal(read(ends[0], thread, sizeof(*thread)), sizeof(*thread));
    close(ends[0]);
    close(ends[1]);
    return pid;
}

/* In a process of its own: what it may do and how nice it is does not come back. */
static void in_child(void (*run)(void))
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        run();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Kernels before 6.12 keep no slices: then there are none to see, whatever was set. */
static void check(pid_t thread, uint64_t slice, int nice)
{
    struct attributes own = attributes_of(0), attributes = attributes_of(thread);

    if (attributes.slice != (own.slice == SHORT ? slice : own.slice) || attributes.nice != nice)
        _exit(2);
}

static void patient_and_back(int nicer)
{
    int own = getpriority(PRIO_PROCESS, 0);
    pid_t second, pid;

    ot_slice_gateway();
    check(0, SHORT, own);
    pid = start_process(&second);
    check(second, SHORT, own);             /* handed down */
    ot_slice_engine(pid, OT_SLICE_STARTS); /* somebody waits for it */
    check(pid, LONG, own);
    check(second, LONG, own);
    ot_slice_engine(pid, OT_SLICE_HOGS);
    check(pid, LONG, own + nicer);
    check(second, LONG, own + nicer);
    ot_slice_engine(pid, OT_SLICE_BUSY);
    check(pid, LONG, own + nicer / 2);
    check(second, LONG, own + nicer / 2);
    ot_slice_engine(pid, OT_SLICE_ANSWERS);
    check(pid, SHORT, own);
    check(second, LONG, own);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ot_slice_engine(pid, OT_SLICE_HOGS); /* it has ended: nothing happens */
}

/* A superuser may lack the capability, in a container. */
static void privileged(void)
{
    int own = getpriority(PRIO_PROCESS, 0);
    bool can = setpriority(PRIO_PROCESS, 0, own + 1) == 0 && setpriority(PRIO_PROCESS, 0, own) == 0;

    patient_and_back(can ? 10 : 0);
}

static void unprivileged(void)
{
    const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_NICE, &none) < 0 || (geteuid() == 0 && setuid(65534) < 0))
        _exit(3);
    patient_and_back(0);
}

/* Where the limit alone allows it, if that may be had. */
static void limited(void)
{
    const struct rlimit any = {40, 40};
    int nicer = setrlimit(RLIMIT_NICE, &any) == 0 ? 10 : 0;

    if (setuid(65534) < 0)
        _exit(3);
    patient_and_back(nicer);
}

/* All capabilities, which do not count for this; where there are such namespaces. */
static void in_user_namespace(void)
{
    const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_NICE, &none) < 0)
        _exit(3);
    if (unshare(CLONE_NEWUSER) == 0)
        patient_and_back(0);
}

static void other_policies_stay(void)
{
    const struct sched_param none = {0};

    if (sched_setscheduler(0, SCHED_IDLE, &none) < 0)
        _exit(3);
    ot_slice_gateway();
    if (sched_getscheduler(0) != SCHED_IDLE)
        _exit(2);
}

static void who_may_undo(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        in_child(privileged);
        in_child(limited);
    }
    in_child(unprivileged);
    in_child(in_user_namespace);
}

static void policies(void **state)
{
    (void)state;
    in_child(other_policies_stay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_undo),
        cmocka_unit_test(policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
