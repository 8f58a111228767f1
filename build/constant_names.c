/* The names that a source declares with `const`. */
#include "build/constant.h"

#include <stdlib.h>
#include <string.h>

struct named {
    struct ot_definition definition;
    struct ot_span text;
};

static int compare_named(const void *a, const void *b)
{
    return ot_span_compare(((const struct named *)a)->text, ((const struct named *)b)->text);
}

/* The index of what `const name: Type = value` says, or 0. */
static uint32_t value_of(const struct ot_tokens *tokens, uint32_t name)
{
    uint32_t equals = name + 1;

    if (ot_token_is_punctuator(tokens, equals, ":"))
        equals += 2;
    return ot_token_is_punctuator(tokens, equals, "=") ? equals + 1 : 0;
}

void ot_constants_open(struct ot_constants *constants)
{
    const struct ot_tokens *tokens = constants->tokens;
    OT_AUTOFREE struct named *found = ot_alloc(tokens->count / 4 + 1, sizeof(*found));
    size_t count = 0;

    for (uint32_t i = 0; i + 3 < tokens->count; i++) {
        uint32_t value =
            ot_token_is_word(tokens, i, "const") && tokens->items[i + 1].kind == OT_TOKEN_WORD
                ? value_of(tokens, i + 1)
                : 0;

        if (value == 0)
            continue;
        found[count].text = ot_token_text(tokens, i + 1);
        found[count++].definition = (struct ot_definition){.name = i + 1, .value = value};
        i = value - 1;
    }
    qsort(found, count, sizeof(*found), compare_named);
    constants->definitions = ot_alloc(count + 1, sizeof(*constants->definitions));
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && ot_span_equal(found[i].text, found[i - 1].text))
            constants->definitions[constants->definition_count - 1].ambiguous = true;
        else
            constants->definitions[constants->definition_count++] = found[i].definition;
    }
}

void ot_constants_free(struct ot_constants *constants)
{
    free(constants->definitions);
    constants->definitions = NULL;
    constants->definition_count = 0;
}

const struct ot_definition *ot_constants_find(const struct ot_constants *constants,
                                              struct ot_span name)
{
    uint32_t low = 0, high = constants->definition_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct ot_definition *definition = &constants->definitions[middle];
        int order = ot_span_compare(name, ot_token_text(constants->tokens, definition->name));

        if (order == 0)
            return definition->ambiguous ? NULL : definition;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
