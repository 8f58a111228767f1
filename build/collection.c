#include "build/collection.h"

void ot_collection_clear(struct ot_collection *collection)
{
    ot_list_free(&collection->packages);
    ot_list_free(&collection->modules);
    ot_list_free(&collection->used);
}

void ot_collection_free(struct ot_collection *collection)
{
    ot_collection_clear(collection);
    ot_pairs_free(&collection->refused);
}
