/* What a process has used so far. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Processor time of all its threads, user and system, in milliseconds (as exact as the kernel's
 * clock tick, 10 ms); 0: not known. */
uint64_t ot_usage_cpu_ms(pid_t pid);

/* A process that is looked at again and again: its files in /proc, which stay open. */
struct ot_usage {
    pid_t pid;
    int schedstat, statm; /* -1: not open yet */
};
#define OT_USAGE_OF(process) ((struct ot_usage){.pid = (process), .schedstat = -1, .statm = -1})
void ot_usage_close(struct ot_usage *usage);

/* Processor time of its first thread alone, which is the one that runs an engine's JavaScript, in
 * microseconds; 0: not known. */
uint64_t ot_usage_thread_us(struct ot_usage *usage);
/* Resident memory; 0: not known. */
uint64_t ot_usage_resident_bytes(struct ot_usage *usage);
/* Private memory that it may write to, touched or not: what RLIMIT_DATA counts; 0: not known. */
uint64_t ot_usage_data_bytes(struct ot_usage *usage);
