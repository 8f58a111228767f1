/*
 * Who need not wait for whom. A thread that wakes up runs at once if its time slice is shorter than
 * that of the one that is running (sched_setattr(2), EEVDF schedulers, Linux 6.12 and later);
 * otherwise it may wait for a clock tick, 4 ms. So the gateway and the threads that run functions
 * have the shortest slices. Threads that collect garbage have the longest, as have all of an engine
 * that starts or keeps a processor busy: they get as much processor time, only not before others.
 * Where it may be undone (RLIMIT_NICE, or CAP_SYS_NICE outside of user namespaces) such an engine
 * is also nicer than others by 10: it has a processor for itself as long as nobody else needs it.
 * Other kernels, and threads of other scheduling policies, are as they were.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Of the thread that calls, and of those that it makes from now on. */
void ot_slice_gateway(void);
/* Of all threads of an engine. `patient`: it starts, or keeps a processor busy. */
void ot_slice_engine(pid_t engine, bool patient);
