/*
 * Strict checks and conversions of short texts: names, paths, numbers, hexadecimal, UTF-8.
 * Everything that crosses a boundary (manifest, command line, file names) goes through here.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* 2^53 - 1: the largest whole number that a reader of JSON may keep exactly (RFC 8259, section 6).
 */
#define OT_SAFE_INTEGER_MAX 9007199254740991ull

/* The longest relative path, in bytes. */
#define OT_PATH_MAX 200

/* `^[A-Za-z][A-Za-z0-9_-]{0,62}$` */
bool ot_is_name(struct ot_span text);

/* An environment variable's name: `^[A-Za-z_][A-Za-z0-9_]{0,127}$` */
bool ot_is_env_name(struct ot_span text);

/* A flag word: `^[a-z][a-z0-9_]{0,127}$` */
bool ot_is_flag_word(struct ot_span text);

/*
 * A relative path: 1 to OT_PATH_MAX bytes, `/`-separated segments of `[A-Za-z0-9._-]`, none empty,
 * `.` or `..`.
 */
bool ot_is_relative_path(struct ot_span text);

/* A calendar date `YYYY-MM-DD` that exists. */
bool ot_is_date(struct ot_span text);

/* 64 lower-case hexadecimal digits. */
bool ot_is_sha256(struct ot_span text);

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates) without a NUL. */
bool ot_is_utf8(struct ot_span text);

/* A decimal number without sign, blanks or leading zero, at most `max`. */
bool ot_parse_uint(struct ot_span text, uint64_t max, uint64_t *out);

/* The same with at most three decimals behind a point, in thousandths: "0.5" gives 500. */
bool ot_parse_thousandths(struct ot_span text, uint64_t max, uint64_t *out);

/* Lower-case hexadecimal of `len` bytes, NUL-terminated; `out` holds 2 * len + 1. */
void ot_hex(char *out, const void *data, size_t len);

/* Exactly 2 * len hexadecimal digits, either case. */
bool ot_unhex(void *out, size_t len, struct ot_span text);

/* The word of `words` (NULL-terminated) that is nearest to `text` by edit distance (two swapped
 * neighbours are one edit), or NULL if none is near. */
const char *ot_nearest_word(const char *text, const char *const *words);

/*
 * Copies `text` into `out` as printable ASCII, for words within a message: every other byte becomes
 * `?`. Longer texts are cut.
 */
void ot_printable(char *out, size_t out_size, struct ot_span text);

/*
 * Appends `text` so that a terminal shows it and does nothing else: UTF-8, newlines and tabs stay,
 * every other control character (also U+007F to U+009F) and every byte that is not UTF-8 becomes
 * `?`. What a program prints passes through here.
 */
void ot_buf_readable(struct ot_buf *out, struct ot_span text);
