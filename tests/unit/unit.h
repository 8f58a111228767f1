/* What every unit test includes: cmocka and its prerequisites, a folder of its own, and a few
 * checks. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/write_file.h"

#include <stdlib.h>

/* A fresh folder; its path is freed, and the folder removed, by unit_remove_dir. */
static inline char *unit_make_dir(void)
{
    const char *base = getenv("TMPDIR");
    char *path = ot_asprintf("%s/onetube-unit-XXXXXX", base != NULL ? base : "/tmp");

    assert_non_null(mkdtemp(path));
    return path;
}

static inline void unit_remove_dir(char *path)
{
    struct ot_error err = {0};

    assert_int_equal(ot_remove_tree(-100 /* AT_FDCWD */, path, &err), 0);
    free(path);
}

#define assert_succeeds(call, err)                                                                 \
    do {                                                                                           \
        if ((call) < 0)                                                                            \
            fail_msg("%s: %s", #call, (err).message);                                              \
    } while (0)
