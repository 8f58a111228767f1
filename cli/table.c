#include "cli/table.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void ot_table_free(struct ot_table *table)
{
    for (size_t i = 0; i < table->field_count; i++)
        free(table->fields[i]);
    free(table->fields);
    table->fields = NULL;
    table->field_count = 0;
}

void ot_table_add(struct ot_table *table, char *text)
{
    table->fields = ot_realloc(table->fields, table->field_count + 1, sizeof(*table->fields));
    table->fields[table->field_count++] = text;
}

void ot_table_add_word(struct ot_table *table, const char *text)
{
    char *word = ot_alloc(1, strlen(text) + 1);

    ot_printable(word, strlen(text) + 1, ot_span_of(text));
    ot_table_add(table, word);
}

static void print_row(FILE *out, const struct ot_table *table, size_t row, const size_t *widths)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char *field = table->fields[row * table->columns + i];

        if (i + 1 == table->columns)
            fprintf(out, "%s\n", field);
        else
            fprintf(out, table->numbers[i] ? "%*s  " : "%-*s  ", (int)widths[i], field);
    }
}

void ot_table_print(FILE *out, const struct ot_table *table, size_t rows)
{
    size_t widths[OT_TABLE_COLUMNS_MAX] = {0};
    size_t count = table->field_count / table->columns;

    for (size_t i = 0; i < count * table->columns; i++) {
        size_t len = strlen(table->fields[i]);

        if (len > widths[i % table->columns])
            widths[i % table->columns] = len;
    }
    for (size_t i = 0; i < count && i < rows; i++)
        print_row(out, table, i, widths);
}
