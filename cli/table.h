/* Rows of words, shown with their columns aligned. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define OT_TABLE_COLUMNS_MAX 12u

struct ot_table {
    size_t columns;      /* at most OT_TABLE_COLUMNS_MAX */
    const bool *numbers; /* of each column: aligned to the right */
    char **fields;       /* row after row */
    size_t field_count;
};

#define OT_AUTOTABLE OT_CLEANUP(ot_table_free)
void ot_table_free(struct ot_table *table);

/* The next field; takes `text` over. */
void ot_table_add(struct ot_table *table, char *text);
/* The next field: one word of printable ASCII, whatever `text` is. */
void ot_table_add_word(struct ot_table *table, const char *text);
/* The first `rows` rows, or fewer if there are fewer. */
void ot_table_print(FILE *out, const struct ot_table *table, size_t rows);
