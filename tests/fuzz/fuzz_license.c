/* Any bytes as a package's license: what is one or an expression is a part of one, and nothing
 * else. */
#include "build/license.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span text = {(const char *)data, size};
    OT_AUTOBUF struct ot_buf again = {0};
    enum ot_license_kind kind = ot_license_kind(text);

    ot_buf_puts(&again, "MIT OR ");
    ot_buf_append(&again, data, size);
    if ((kind != OT_LICENSE_NAME) !=
        (ot_license_kind(ot_buf_span(&again)) == OT_LICENSE_EXPRESSION))
        abort();
    return 0;
}
