/* Any bytes as a record of the cache. What can be read can be written, and is the same when it is
 * read again. */
#include "build/record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OT_AUTORECORD struct ot_record record = {0};
    OT_AUTORECORD struct ot_record again = {0};
    OT_AUTOBUF struct ot_buf first = {0};
    OT_AUTOBUF struct ot_buf second = {0};

    if (!ot_record_read(&record, (struct ot_span){(const char *)data, size})) {
        if (record.functions != NULL || record.bundle.files != NULL)
            abort();
        return 0;
    }
    if (!ot_record_write(&record, &first))
        abort();
    if (!ot_record_read(&again, ot_buf_span(&first)) || !ot_record_write(&again, &second) ||
        !ot_span_equal(ot_buf_span(&first), ot_buf_span(&second)))
        abort();
    return 0;
}
