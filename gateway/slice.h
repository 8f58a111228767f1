/*
 * Who need not wait for whom. A thread that wakes up runs at once if its time slice is shorter than
 * that of the one that is running (sched_setattr(2), EEVDF schedulers, Linux 6.12 and later);
 * otherwise it may wait for a clock tick, 4 ms. So the gateway and the threads that run functions
 * have the shortest slices. Threads that collect garbage have the longest, as have all of an engine
 * that starts or keeps a processor busy: they get as much processor time, only not before others.
 * But who wakes up often has had more than its share of it, next to one that is always there, and
 * waits for its turn; so, where it may be undone (RLIMIT_NICE, or CAP_SYS_NICE outside of user
 * namespaces), an engine that keeps a processor busy is also nicer than others: it has a processor
 * for itself as long as nobody else needs it. One that starts is not: somebody waits for it. Other
 * kernels, and threads of other scheduling policies, are as they were.
 */
#pragma once

#include <sys/types.h>

/* Of the thread that calls, and of those that it makes from now on. */
void ot_slice_gateway(void);

enum ot_slice {
    OT_SLICE_ANSWERS, /* the shortest, for the thread that runs functions */
    OT_SLICE_STARTS,  /* the longest */
    OT_SLICE_BUSY,    /* the same, and nicer than others by 5 */
    OT_SLICE_HOGS,    /* the same, and nicer by 10 */
};
/* Of all threads of an engine. */
void ot_slice_engine(pid_t engine, enum ot_slice slice);
