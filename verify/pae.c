#include "verify/pae.h"

#include <string.h>

void ot_pae(const char *type, struct ot_span text, struct ot_buf *out)
{
    ot_buf_printf(out, "DSSEv1 %zu %s %zu ", strlen(type), type, text.len);
    ot_buf_append(out, text.data, text.len);
}
