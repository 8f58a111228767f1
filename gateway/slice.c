#include "gateway/slice.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The least and the most that there are, in nanoseconds. */
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

/* `nice`: NULL: as it is. What else its scheduling is stays. */
static void set_thread(pid_t thread, uint64_t slice, const int *nice)
{
    struct attributes attributes = {0};

    if (syscall(SYS_sched_getattr, thread, &attributes, sizeof(attributes), 0) < 0 ||
        (attributes.policy != SCHED_OTHER && attributes.policy != SCHED_BATCH))
        return;
    attributes.size = sizeof(attributes);
    attributes.slice = slice;
    if (nice != NULL)
        attributes.nice = *nice;
    (void)syscall(SYS_sched_setattr, thread, &attributes, 0);
}

void ot_slice_gateway(void)
{
    set_thread(0, SHORT, NULL);
}

/* On a thread of its own: where it may not be undone, that one stays nicer. */
static void *try_to_undo(void *may)
{
    int own = getpriority(PRIO_PROCESS, 0);

    *(bool *)may =
        setpriority(PRIO_PROCESS, 0, own + 1) == 0 && setpriority(PRIO_PROCESS, 0, own) == 0;
    return NULL;
}

static bool may_undo;

/* A user namespace gives CAP_SYS_NICE, and yet the kernel refuses: only trying tells. */
static void find_out(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, try_to_undo, &may_undo) == 0)
        pthread_join(thread, NULL);
}

/* Whether what was made nicer can be as nice as this thread again. */
static bool changes_nice(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, find_out);
    return may_undo;
}

void ot_slice_engine(pid_t engine, enum ot_slice slice)
{
    static const struct {
        uint64_t slice; /* of the first thread */
        int nicer;
    } kinds[] = {[OT_SLICE_ANSWERS] = {SHORT, 0},
                 [OT_SLICE_STARTS] = {LONG, 0},
                 [OT_SLICE_BUSY] = {LONG, 5},
                 [OT_SLICE_HOGS] = {LONG, 10}};
    OT_AUTOFREE char *path = ot_asprintf("/proc/%d/task", (int)engine);
    OT_AUTOCLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOLIST struct ot_list threads = {0};
    struct ot_error ignored;
    int nice = getpriority(PRIO_PROCESS, 0) + kinds[slice].nicer;

    if (fd < 0 || ot_list_dir(fd, &threads, path, &ignored) < 0)
        return; /* it has ended */
    for (size_t i = 0; i < threads.count; i++) {
        uint64_t thread;

        if (ot_parse_uint(ot_span_of(threads.items[i]), INT32_MAX, &thread))
            set_thread((pid_t)thread, (pid_t)thread == engine ? kinds[slice].slice : LONG,
                       changes_nice() ? &nice : NULL);
    }
}
