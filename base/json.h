/*
 * A strict JSON reader (RFC 8259) that pulls one value at a time from memory, for text that
 * somebody else may have written. It builds no tree: the caller says what must come next, so a
 * missing, unknown, repeated or misplaced key is an error where it stands.
 *
 * Refused: invalid UTF-8, `\u0000`, lone surrogates, numbers that are not plain integers, nesting
 * over 16, anything behind the value. With OT_JSON_COMMENTS, `//` and block comments and trailing
 * commas are accepted; with OT_JSON_NUMBERS, any number where a value is skipped. With
 * OT_JSON_UNIQUE a key that stands twice in one object, at any depth, is refused.
 *
 * Errors have kind OT_FAILED and a message that begins "line:column: ".
 *
 *     ot_json_object(&json, &err);
 *     while ((more = ot_json_key(&json, &key, &err)) > 0) ...
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

#define OT_JSON_DEPTH 16
#define OT_JSON_COMMENTS 1u
#define OT_JSON_NUMBERS 2u
#define OT_JSON_UNIQUE 4u
/* With OT_JSON_UNIQUE, how many keys an object may have. */
#define OT_JSON_KEYS_MAX 1000u

struct ot_json {
    const char *text;
    size_t len;
    size_t pos;   /* of the next byte */
    size_t token; /* where the last key or value began, for the caller's own messages */
    unsigned flags;
    unsigned depth;
    bool first[OT_JSON_DEPTH + 1]; /* no member of the open object or array was read yet */
    char closer[OT_JSON_DEPTH + 1];
    struct ot_buf scratch; /* the last decoded key or string */
    struct ot_buf seen;    /* with OT_JSON_UNIQUE: the keys of every open object, each with a NUL */
    size_t seen_at[OT_JSON_DEPTH + 1]; /* where those of this depth begin */
};

/* `text` must live as long as the reader. Release with ot_json_end. */
void ot_json_begin(struct ot_json *json, struct ot_span text, unsigned flags);
void ot_json_end(struct ot_json *json);

OT_MUST_USE int ot_json_object(struct ot_json *json, struct ot_error *err);
OT_MUST_USE int ot_json_array(struct ot_json *json, struct ot_error *err);

/*
 * The next key of the open object, or the next item of the open array: 1 there is one (read its
 * value next), 0 it was the last and the object or array is closed, -1 error. The key is valid
 * until the next call that reads a key or a string.
 */
OT_MUST_USE int ot_json_key(struct ot_json *json, struct ot_span *key, struct ot_error *err);
OT_MUST_USE int ot_json_item(struct ot_json *json, struct ot_error *err);

/* The next key must be exactly `key`; for objects whose order is fixed. */
OT_MUST_USE int ot_json_expect_key(struct ot_json *json, const char *key, struct ot_error *err);
/* The open object must end here. */
OT_MUST_USE int ot_json_expect_end(struct ot_json *json, struct ot_error *err);

/* A string, decoded; valid until the next call that reads a key or a string. */
OT_MUST_USE int ot_json_string(struct ot_json *json, struct ot_span *out, struct ot_error *err);
/* An integer from 0 to `max`: no sign, fraction, exponent or leading zero. */
OT_MUST_USE int ot_json_uint(struct ot_json *json, uint64_t max, uint64_t *out,
                             struct ot_error *err);
/* A number of 0 to `max` with at most three decimals, in thousandths (0.5 gives 500). */
OT_MUST_USE int ot_json_thousandths(struct ot_json *json, uint64_t max, uint64_t *out,
                                    struct ot_error *err);
OT_MUST_USE int ot_json_bool(struct ot_json *json, bool *out, struct ot_error *err);
/*
 * The first byte of the next value, which tells its type ('{', '[', '"', 't', 'f', 'n', a digit or
 * '-'); 0 at the end; -1 error.
 */
OT_MUST_USE int ot_json_peek(struct ot_json *json, struct ot_error *err);
/*
 * The characters of a number (RFC 8259, section 6) or of a word, which is not looked at
 * further; valid as long as the text.
 */
OT_MUST_USE int ot_json_word(struct ot_json *json, struct ot_span *word, struct ot_error *err);
/* Reads any one value and drops it. */
OT_MUST_USE int ot_json_skip(struct ot_json *json, struct ot_error *err);
/* Nothing but white space may be left. */
OT_MUST_USE int ot_json_finish(struct ot_json *json, struct ot_error *err);

/* An error at the last key or value ("line:column: " is put in front). Returns -1. */
int ot_json_fail(const struct ot_json *json, struct ot_error *err, const char *format, ...)
    OT_PRINTF(3, 4);
