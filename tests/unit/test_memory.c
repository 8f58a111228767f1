/* Limits of control groups, as both of their versions write them. */
#include "tests/unit/unit.h"

#include "base/file.h"
#include "gateway/memory.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct file {
    const char *path, *text;
};

/* Reads a made-up /proc/self and /sys/fs/cgroup that hold these files. */
static void read_from(const struct file *files, size_t count, struct ot_memory *out)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *proc = ot_asprintf("%s/proc", dir);
    OT_AUTOFREE char *cgroup = ot_asprintf("%s/cgroup", dir);
    OT_AUTOCLOSE int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct ot_error err = {0};

    for (size_t i = 0; i < count; i++)
        assert_succeeds(ot_write_beneath(root, files[i].path, ot_span_of(files[i].text), &err),
                        err);
    ot_memory_read(proc, cgroup, out);
    unit_remove_dir(dir);
}

static void test_limits(void **state)
{
    static const struct {
        uint64_t limit;
        struct file files[4];
    } rows[] = {
        {0, {{"proc/cgroup", "0::/\n"}}},
        {536870912, {{"proc/cgroup", "0::/\n"}, {"cgroup/memory.max", "536870912\n"}}},
        {0, {{"proc/cgroup", "0::/\n"}, {"cgroup/memory.max", "max\n"}}},
        {1000,
         {{"proc/cgroup", "0::/a/b\n"},
          {"cgroup/a/b/memory.max", "max\n"},
          {"cgroup/a/memory.max", "1000\n"},
          {"cgroup/memory.max", "5000\n"}}},
        {700,
         {{"proc/cgroup", "0::/a/b\n"},
          {"cgroup/a/b/memory.max", "700\n"},
          {"cgroup/a/memory.max", "1000\n"}}},
        {2000,
         {{"proc/cgroup", "5:cpu:/c\n4:memory:/m\n0::/x"},
          {"cgroup/memory/m/memory.limit_in_bytes", "2000\n"},
          {"cgroup/x/memory.max", "1\n"}}},
        {0,
         {{"proc/cgroup", "4:memory:/m\n"},
          {"cgroup/memory/m/memory.limit_in_bytes", "9223372036854771712\n"}}},
        {0, {{"proc/cgroup", "nonsense\n::\n"}, {"cgroup/memory.max", "12x\n"}}},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        struct ot_memory memory;
        size_t count = 0;

        while (count < OT_COUNT(rows[i].files) && rows[i].files[count].path != NULL)
            count++;
        read_from(rows[i].files, count, &memory);
        if (memory.limit_bytes != rows[i].limit)
            fail_msg("row %zu: %llu", i, (unsigned long long)memory.limit_bytes);
        assert_int_equal(memory.resident_bytes, 0);
    }
}

static void test_resident(void **state)
{
    const struct file file = {"proc/statm", "5000 300 200 10 0 99 0\n"};
    struct ot_memory memory;

    (void)state;
    read_from(&file, 1, &memory);
    assert_int_equal(memory.resident_bytes, 300 * sysconf(_SC_PAGESIZE));
    ot_memory_read("/proc/self", "/sys/fs/cgroup", &memory);
    assert_true(memory.resident_bytes > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_resident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
