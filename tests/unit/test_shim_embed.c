#include "tests/unit/unit.h"

#include "build/shim.h"

#include <fcntl.h>
#include <string.h>

/* Every file of build/shim/ is in the program, as it is. */
static void all_files(void **state)
{
    OT_AUTOCLOSE int dir = open("build/shim", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_error err = {0};
    size_t checked = 0;

    (void)state;
    assert_succeeds(ot_list_dir(dir, &names, "build/shim", &err), err);
    for (size_t i = 0; i < names.count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("build/shim/%s", names.items[i]);
        OT_AUTOBUF struct ot_buf text = {0};
        const char *end = strrchr(names.items[i], '.');

        if (end == NULL || strcmp(end, ".js") != 0)
            continue;
        assert_succeeds(ot_read_file(path, 1u << 20, &text, &err), err);
        if (!ot_span_equal(ot_shim_file(ot_span_of(names.items[i])), ot_buf_span(&text)))
            fail_msg("%s is not embedded, or another version of it", names.items[i]);
        checked++;
    }
    assert_true(checked > 5);
    assert_null(ot_shim_file(OT_SPAN("nope.js")).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_files)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
