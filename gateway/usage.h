/* What a process has used so far. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Processor time of all its threads, user and system, in milliseconds (as exact as the kernel's
 * clock tick, 10 ms); 0: not known. */
uint64_t ot_usage_cpu_ms(pid_t pid);
/* That of its first thread alone, which is the one that runs an engine's JavaScript, in
 * microseconds; 0: not known. */
uint64_t ot_usage_thread_us(pid_t pid);
/* Resident memory; 0: not known. */
uint64_t ot_usage_resident_bytes(pid_t pid);
/* Private memory that it may write to, touched or not: what RLIMIT_DATA counts; 0: not known. */
uint64_t ot_usage_data_bytes(pid_t pid);
