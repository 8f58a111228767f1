/* The strict JSON reader: what it accepts is valid UTF-8 and reads the same with comments allowed.
 */
#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool reads(struct ot_span text, unsigned flags)
{
    struct ot_error err;
    struct ot_json json;
    bool good;

    ot_json_begin(&json, text, flags);
    good = ot_json_skip(&json, &err) == 0 && ot_json_finish(&json, &err) == 0;
    ot_json_end(&json);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span text = {(const char *)data, size};

    if (reads(text, 0) && (!ot_is_utf8(text) || !reads(text, OT_JSON_COMMENTS)))
        abort();
    return 0;
}
