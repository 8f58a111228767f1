#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ot_span ot_span_of(const char *text)
{
    return (struct ot_span){text, strlen(text)};
}

bool ot_span_equal(struct ot_span a, struct ot_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool ot_span_is(struct ot_span span, const char *text)
{
    return ot_span_equal(span, ot_span_of(text));
}

bool ot_span_starts(struct ot_span span, const char *prefix)
{
    size_t len = strlen(prefix);

    return span.len >= len && (len == 0 || memcmp(span.data, prefix, len) == 0);
}

bool ot_span_ends(struct ot_span span, const char *suffix)
{
    size_t len = strlen(suffix);

    return span.len >= len && (len == 0 || memcmp(span.data + span.len - len, suffix, len) == 0);
}

bool ot_span_is_one_of(struct ot_span span, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (ot_span_is(span, *words))
            return true;
    }
    return false;
}

struct ot_span ot_span_skip(struct ot_span span, size_t count)
{
    return (struct ot_span){span.data + count, span.len - count};
}

bool ot_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct ot_span ot_span_trim(struct ot_span span)
{
    while (span.len > 0 && ot_is_blank(span.data[0])) {
        span.data++;
        span.len--;
    }
    while (span.len > 0 && ot_is_blank(span.data[span.len - 1]))
        span.len--;
    return span;
}

int ot_span_compare(struct ot_span a, struct ot_span b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

void ot_buf_free(struct ot_buf *buf)
{
    free(buf->data);
    *buf = (struct ot_buf){0};
}

void ot_buf_clear(struct ot_buf *buf)
{
    buf->len = 0;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

char *ot_buf_reserve(struct ot_buf *buf, size_t more)
{
    if (more >= buf->cap - buf->len) {
        size_t cap = buf->cap < 64 ? 64 : buf->cap;

        while (cap - buf->len <= more)
            cap *= 2;
        buf->data = ot_realloc(buf->data, cap, 1);
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void ot_buf_append(struct ot_buf *buf, const void *data, size_t len)
{
    char *end = ot_buf_reserve(buf, len);

    if (len > 0)
        memcpy(end, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void ot_buf_puts(struct ot_buf *buf, const char *text)
{
    ot_buf_append(buf, text, strlen(text));
}

void ot_buf_putc(struct ot_buf *buf, char c)
{
    ot_buf_append(buf, &c, 1);
}

void ot_buf_uint(struct ot_buf *buf, uint64_t value)
{
    char digits[20];
    size_t first = sizeof(digits);

    do
        digits[--first] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    ot_buf_append(buf, digits + first, sizeof(digits) - first);
}

void ot_buf_printf(struct ot_buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    int length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0) {
        vsnprintf(ot_buf_reserve(buf, (size_t)length), (size_t)length + 1, format, again);
        buf->len += (size_t)length;
    }
    va_end(again);
}

struct ot_span ot_buf_span(const struct ot_buf *buf)
{
    return (struct ot_span){buf->data, buf->len};
}

void ot_list_free(struct ot_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct ot_list){0};
}

void ot_list_add_span(struct ot_list *list, struct ot_span text)
{
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 8 : list->cap * 2;
        list->items = ot_realloc(list->items, list->cap, sizeof(*list->items));
    }
    list->items[list->count++] = ot_strndup(text.data, text.len);
}

void ot_list_add(struct ot_list *list, const char *text)
{
    ot_list_add_span(list, ot_span_of(text));
}

bool ot_list_has(const struct ot_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0)
            return true;
    }
    return false;
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void ot_list_sort(struct ot_list *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare_items);
}

void ot_list_sort_unique(struct ot_list *list)
{
    size_t kept = 0;

    ot_list_sort(list);
    for (size_t i = 0; i < list->count; i++) {
        if (kept > 0 && strcmp(list->items[kept - 1], list->items[i]) == 0)
            free(list->items[i]);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

void ot_list_split(struct ot_list *list, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        struct ot_span item = ot_span_trim((struct ot_span){text, length});

        if (item.len > 0)
            ot_list_add_span(list, item);
        text += length + (text[length] == ',');
    }
}
