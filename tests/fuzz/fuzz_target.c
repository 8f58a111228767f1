/* Any bytes as a request's target. What comes out is a path that names the same function when it is
 * parsed again, and holds nothing that a parser could read in another way. */
#include "gateway/target.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_bytes(struct ot_span path)
{
    check(path.len > 0 && path.data[0] == '/');
    for (size_t i = 0; i < path.len; i++) {
        check(path.data[i] > ' ' && path.data[i] < 0x7f);
        check(strchr("\\#?\"<>`{}^", path.data[i]) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char prefix[] = "/f/v1";
    struct ot_span raw = {(const char *)data, size};
    OT_AUTOBUF struct ot_buf scratch = {0};
    OT_AUTOBUF struct ot_buf again_scratch = {0};
    OT_AUTOBUF struct ot_buf whole = {0};
    struct ot_target target, again;

    ot_target_parse(raw, prefix, &scratch, &target);
    if (target.kind == OT_TARGET_BAD)
        return 0;
    check_bytes(target.path);
    check(target.query.len == 0 || target.query.data[0] == '?');
    if (target.kind == OT_TARGET_FUNCTION) {
        check(target.name.len > 0 && target.name.data == target.path.data + 1);
        check(!ot_span_is(target.name, ".") && !ot_span_is(target.name, ".."));
        ot_buf_puts(&whole, prefix);
    } else {
        check(target.name.len == 0);
    }
    ot_buf_append(&whole, target.path.data, target.path.len);
    ot_buf_append(&whole, target.query.data, target.query.len);
    ot_target_parse(ot_buf_span(&whole), prefix, &again_scratch, &again);
    check(again.kind == target.kind && ot_span_equal(again.name, target.name) &&
          ot_span_equal(again.path, target.path) && ot_span_equal(again.query, target.query));
    return 0;
}
