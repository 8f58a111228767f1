/* Header fields of a test, from pairs of name and value. */
#pragma once

#include "gateway/http.h"

#define UNIT_HEADERS_MAX 64

struct unit_headers {
    struct ot_headers headers;
    struct ot_header items[UNIT_HEADERS_MAX];
    uint8_t fields[UNIT_HEADERS_MAX];
};

static inline void unit_add_header(struct unit_headers *list, struct ot_span name,
                                   struct ot_span value)
{
    size_t i = list->headers.count++;
    enum ot_field field = ot_field_of(name);

    list->items[i] = (struct ot_header){name, value};
    list->fields[i] = (uint8_t)field;
    list->headers.items = list->items;
    list->headers.fields = list->fields;
    if (list->headers.first[field] == 0)
        list->headers.first[field] = (uint16_t)(i + 1);
}

/* `pairs` ends with NULL. */
static inline void unit_set_headers(struct unit_headers *list, const char *const *pairs)
{
    *list = (struct unit_headers){0};
    for (; *pairs != NULL; pairs += 2)
        unit_add_header(list, ot_span_of(pairs[0]), ot_span_of(pairs[1]));
}
