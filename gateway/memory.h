/* How much memory this process has and may have. */
#pragma once

#include "base/buf.h"

#include <stdint.h>

struct ot_memory {
    uint64_t resident_bytes; /* 0: not known */
    uint64_t limit_bytes;    /* of its control group, the nearest above that has one; 0: none */
};

/*
 * Reads below `proc` and `cgroup`, which are "/proc/self" and "/sys/fs/cgroup" but in tests: both
 * versions of control groups (https://docs.kernel.org/admin-guide/cgroup-v2.html, memory.max).
 */
void ot_memory_read(const char *proc, const char *cgroup, struct ot_memory *out);
