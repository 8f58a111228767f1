#include "gateway/slice.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICER 10

/* The least and the most that there are, in nanoseconds. */
#define SHORT 100000u
#define LONG 100000000u

/* `nice`: NULL: as it is. What else its scheduling is stays. */
static void set_thread(pid_t thread, uint64_t slice, const int *nice)
{
    struct sched_attr attributes = {0};

    if (syscall(SYS_sched_getattr, thread, &attributes, SCHED_ATTR_SIZE_VER0, 0) < 0 ||
        (attributes.sched_policy != SCHED_NORMAL && attributes.sched_policy != SCHED_BATCH))
        return;
    attributes.size = SCHED_ATTR_SIZE_VER0;
    attributes.sched_runtime = slice;
    if (nice != NULL)
        attributes.sched_nice = *nice;
    (void)syscall(SYS_sched_setattr, thread, &attributes, 0);
}

void ot_slice_gateway(void)
{
    set_thread(0, SHORT, NULL);
}

/* Whether what was made nicer can be as nice as this thread again. */
static bool may_undo(int nice)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    struct rlimit limit;

    if (getrlimit(RLIMIT_NICE, &limit) == 0 && limit.rlim_cur >= (rlim_t)(20 - nice))
        return true;
    return syscall(SYS_capget, &header, data) == 0 &&
           (data[CAP_TO_INDEX(CAP_SYS_NICE)].effective & CAP_TO_MASK(CAP_SYS_NICE)) != 0;
}

void ot_slice_engine(pid_t engine, bool patient)
{
    OT_AUTOFREE char *path = ot_asprintf("/proc/%d/task", (int)engine);
    OT_AUTOCLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOLIST struct ot_list threads = {0};
    struct ot_error ignored;
    int own = getpriority(PRIO_PROCESS, 0), nice = patient ? own + NICER : own;
    bool changes_nice = may_undo(own);

    if (fd < 0 || ot_list_dir(fd, &threads, path, &ignored) < 0)
        return; /* it has ended */
    for (size_t i = 0; i < threads.count; i++) {
        uint64_t thread;

        if (ot_parse_uint(ot_span_of(threads.items[i]), INT32_MAX, &thread))
            set_thread((pid_t)thread, (pid_t)thread == engine && !patient ? SHORT : LONG,
                       changes_nice ? &nice : NULL);
    }
}
