/* The programs that package.json installs are those that the code names. */
#include "tests/unit/unit.h"

#include "base/buf.h"
#include "build/esbuild.h"
#include "engine/engine.h"

#include <string.h>

static void expect_dependency(struct ot_span text, const char *name, const char *version)
{
    OT_AUTOFREE char *line = ot_asprintf("\"%s\": \"%s\"", name, version);

    if (memmem(text.data, text.len, line, strlen(line)) == NULL)
        fail_msg("package.json does not say %s", line);
}

static void versions(void **state)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(ot_read_file("package.json", 65536, &text, &err), err);
    expect_dependency(ot_buf_span(&text), "esbuild", OT_ESBUILD_VERSION);
    expect_dependency(ot_buf_span(&text), "workerd", OT_ENGINE_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(versions)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
