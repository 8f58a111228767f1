#include "tests/unit/unit.h"

#include "build/shim.h"

#include <fcntl.h>
#include <string.h>

/* Whether it is a part of the runtime; esbuild notes each part's name. */
static bool is_joined(const char *name)
{
    OT_AUTOFREE char *note = ot_asprintf("\n// onetube-shim:%s\n", name);
    struct ot_span joined = ot_shim_runtime(false);

    return memmem(joined.data, joined.len, note, strlen(note)) != NULL;
}

/* `folder`, beneath build/shim/, with a slash at its end or empty; how many files were looked at */
static size_t check_folder(const char *folder)
{
    OT_AUTOFREE char *path = ot_asprintf("build/shim/%s", folder);
    OT_AUTOCLOSE int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_error err = {0};
    size_t checked = 0;

    assert_succeeds(ot_list_dir(dir, &names, path, &err), err);
    for (size_t i = 0; i < names.count; i++) {
        OT_AUTOFREE char *name = ot_asprintf("%s%s", folder, names.items[i]);
        OT_AUTOFREE char *file = ot_asprintf("build/shim/%s", name);
        OT_AUTOBUF struct ot_buf text = {0};
        const char *end = strrchr(names.items[i], '.');

        if (end == NULL) {
            OT_AUTOFREE char *inner = ot_asprintf("%s/", name);

            checked += check_folder(inner);
        } else if (strcmp(end, ".js") == 0) {
            assert_succeeds(ot_read_file(file, 1u << 20, &text, &err), err);
            if (strcmp(name, "onetube.js") == 0)
                continue; /* nothing but names of the others */
            if (is_joined(name) == (ot_shim_file(ot_span_of(name)).data != NULL))
                fail_msg("%s must be embedded either in the runtime or by itself", name);
            if (!is_joined(name) &&
                !ot_span_equal(ot_shim_file(ot_span_of(name)), ot_buf_span(&text)))
                fail_msg("another version of %s is embedded", name);
            checked++;
        }
    }
    return checked;
}

/* Every file of build/shim/ is in the program once, as it is or as a part of the runtime. */
static void all_files(void **state)
{
    (void)state;
    assert_true(check_folder("") > 20);
    assert_true(is_joined("install.js"));
    assert_false(is_joined("assets.js"));
    assert_true(ot_shim_runtime(true).len < ot_shim_runtime(false).len);
    assert_null(ot_shim_file(OT_SPAN("nope.js")).data);
    assert_null(ot_shim_file(OT_SPAN("std/path")).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_files)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
