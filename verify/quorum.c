#include "verify/quorum.h"

unsigned ot_quorum_count(const struct ot_signature_page *page, struct ot_span message,
                         const struct ot_public_key *(*find)(const void *context, const char *id),
                         const void *context, struct ot_list *signers)
{
    for (unsigned i = 0; i < page->count; i++) {
        const struct ot_public_key *key = find(context, page->items[i].key_id);

        if (key == NULL)
            continue;
        if (!ot_public_key_verifies(key, message, page->items[i].bytes))
            return i + 1;
        if (!ot_list_has(signers, key->id))
            ot_list_add(signers, key->id);
    }
    return 0;
}
