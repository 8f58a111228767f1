/* Any bytes as a settings file: the first byte says in which language. */
#include "build/tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_tree(const struct ot_tree *tree, unsigned depth)
{
    check(depth <= (OT_TREE_DEPTH + 2) * 16);
    check((tree->type == OT_TREE_STRING || tree->type == OT_TREE_NUMBER) == (tree->text != NULL));
    for (size_t i = 0; i < tree->count; i++) {
        check(tree->type == OT_TREE_OBJECT || tree->type == OT_TREE_ARRAY);
        check((tree->type == OT_TREE_OBJECT) == (tree->items[i].key != NULL));
        check(tree->items[i].line > 0 && tree->items[i].column > 0);
        check_tree(&tree->items[i], depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OT_AUTOTREE struct ot_tree tree = {0};
    struct ot_error err = {0};
    struct ot_span text;
    int result;

    if (size == 0)
        return 0;
    text = (struct ot_span){(const char *)data + 1, size - 1};
    result = data[0] == 't' ? ot_tree_toml(&tree, text, "f", &err)
                            : ot_tree_json(&tree, text, "f", &err);
    if (result < 0)
        check(err.kind == OT_FAILED && strncmp(err.message, "f:", 2) == 0 && tree.count == 0);
    else
        check_tree(&tree, 0);
    return 0;
}
