/*
 * A growable byte buffer, a slice of bytes that belongs to someone else, and a sorted
 * list of strings.
 */
#pragma once

#include "base/error.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes that belong to someone else; not NUL-terminated. */
struct ot_span {
    const char *data;
    size_t len;
};

#define OT_SPAN(literal) ((struct ot_span){(literal), sizeof(literal) - 1})

struct ot_span ot_span_of(const char *text);
bool ot_span_equal(struct ot_span a, struct ot_span b);
bool ot_span_is(struct ot_span span, const char *text);
bool ot_span_starts(struct ot_span span, const char *prefix);
bool ot_span_ends(struct ot_span span, const char *suffix);
/* Whether it is one of `words`, which NULL ends. */
bool ot_span_is_one_of(struct ot_span span, const char *const *words);
/* Without its first `count` bytes, which must be there. */
struct ot_span ot_span_skip(struct ot_span span, size_t count);
/* Without the blanks (space, tab, CR, LF) at both ends. */
struct ot_span ot_span_trim(struct ot_span span);
bool ot_is_blank(char c);
/* Bytewise order, a shorter prefix first: <0, 0, >0. Never depends on the locale. */
int ot_span_compare(struct ot_span a, struct ot_span b);

/*
 * Owned bytes; `data[len]` is always NUL once anything was appended (`data` may be NULL before).
 * Start from `{0}`; OT_AUTOBUF frees at scope exit.
 */
struct ot_buf {
    char *data;
    size_t len;
    size_t cap;
};

#define OT_AUTOBUF OT_CLEANUP(ot_buf_free)

void ot_buf_free(struct ot_buf *buf);
void ot_buf_clear(struct ot_buf *buf);
/* Makes room for `more` bytes behind `len` and returns the place where they go. */
char *ot_buf_reserve(struct ot_buf *buf, size_t more);
void ot_buf_append(struct ot_buf *buf, const void *data, size_t len);
void ot_buf_puts(struct ot_buf *buf, const char *text);
void ot_buf_putc(struct ot_buf *buf, char c);
/* In decimal. */
void ot_buf_uint(struct ot_buf *buf, uint64_t value);
void ot_buf_printf(struct ot_buf *buf, const char *format, ...) OT_PRINTF(2, 3);
struct ot_span ot_buf_span(const struct ot_buf *buf);

/* An owned list of owned strings. Start from `{0}`; OT_AUTOLIST frees at scope exit. */
struct ot_list {
    char **items;
    size_t count;
    size_t cap;
};

#define OT_AUTOLIST OT_CLEANUP(ot_list_free)

void ot_list_free(struct ot_list *list);
void ot_list_add(struct ot_list *list, const char *text);
void ot_list_add_span(struct ot_list *list, struct ot_span text);
bool ot_list_has(const struct ot_list *list, const char *text);
/* Sorts bytewise. */
void ot_list_sort(struct ot_list *list);
/* Sorts bytewise and drops repeated items. */
void ot_list_sort_unique(struct ot_list *list);
/* Splits `text` at commas, trims blanks, skips empty items, and appends them. */
void ot_list_split(struct ot_list *list, const char *text);
