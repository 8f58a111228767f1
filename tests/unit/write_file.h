/* A whole file in one call, for tests and their tools. */
#pragma once

#include "base/file.h"

/* With `keep_existing` a file that exists is an error. */
static inline int unit_write_file(const char *path, struct ot_span data, mode_t mode,
                                  bool keep_existing, struct ot_error *err)
{
    OT_AUTOTEMP struct ot_temp_file temp = OT_TEMP_INIT;

    if (ot_temp_open(&temp, path, mode, err) < 0 ||
        ot_write_all(temp.fd, data.data, data.len, path, err) < 0)
        return -1;
    return ot_temp_commit(&temp, keep_existing, err);
}
