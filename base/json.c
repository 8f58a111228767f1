#include "base/json.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

void ot_json_begin(struct ot_json *json, struct ot_span text, unsigned flags)
{
    *json =
        (struct ot_json){.text = text.len > 0 ? text.data : "", .len = text.len, .flags = flags};
}

void ot_json_end(struct ot_json *json)
{
    ot_buf_free(&json->scratch);
    ot_buf_free(&json->seen);
}

static int fail_at(const struct ot_json *json, size_t pos, struct ot_error *err, const char *text)
{
    size_t line = 1;
    size_t line_start = 0;

    for (size_t i = 0; i < pos && i < json->len; i++) {
        if (json->text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    return ot_fail(err, OT_FAILED, "%zu:%zu: %s", line, pos - line_start + 1, text);
}

int ot_json_fail(const struct ot_json *json, struct ot_error *err, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return fail_at(json, json->token, err, text);
}

static int fail_here(const struct ot_json *json, struct ot_error *err, const char *text)
{
    return fail_at(json, json->pos, err, text);
}

/* The next byte, or -1 at the end. */
static int peek(const struct ot_json *json)
{
    return json->pos < json->len ? (unsigned char)json->text[json->pos] : -1;
}

static bool starts_with(const struct ot_json *json, const char *word)
{
    size_t len = strlen(word);

    return json->len - json->pos >= len && memcmp(json->text + json->pos, word, len) == 0;
}

static int skip_comment(struct ot_json *json, struct ot_error *err)
{
    if (starts_with(json, "//")) {
        while (peek(json) >= 0 && peek(json) != '\n')
            json->pos++;
        return 0;
    }
    for (size_t at = json->pos + 2; at + 1 < json->len; at++) {
        if (json->text[at] == '*' && json->text[at + 1] == '/') {
            json->pos = at + 2;
            return 0;
        }
    }
    return fail_here(json, err, "this comment has no end");
}

static int skip_space(struct ot_json *json, struct ot_error *err)
{
    for (;;) {
        int c = peek(json);

        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            json->pos++;
        } else if ((json->flags & OT_JSON_COMMENTS) != 0 &&
                   (starts_with(json, "//") || starts_with(json, "/*"))) {
            if (skip_comment(json, err) < 0)
                return -1;
        } else {
            return 0;
        }
    }
}

/* Goes to where the next value begins. */
static int to_value(struct ot_json *json, struct ot_error *err)
{
    if (skip_space(json, err) < 0)
        return -1;
    json->token = json->pos;
    return 0;
}

static int open_container(struct ot_json *json, char opener, char closer, const char *wanted,
                          struct ot_error *err)
{
    if (to_value(json, err) < 0)
        return -1;
    if (peek(json) != opener)
        return fail_here(json, err, wanted);
    if (json->depth == OT_JSON_DEPTH)
        return fail_here(json, err, "nested more than 16 deep");
    json->pos++;
    json->depth++;
    json->first[json->depth] = true;
    json->closer[json->depth] = closer;
    json->seen_at[json->depth] = json->seen.len;
    return 0;
}

int ot_json_object(struct ot_json *json, struct ot_error *err)
{
    return open_container(json, '{', '}', "an object is expected here", err);
}

int ot_json_array(struct ot_json *json, struct ot_error *err)
{
    return open_container(json, '[', ']', "an array is expected here", err);
}

/* 1: another member follows, 0: the container was closed. */
static int next_member(struct ot_json *json, char closer, struct ot_error *err)
{
    bool comma = false;

    if (json->depth == 0 || json->closer[json->depth] != closer)
        return fail_here(json, err, "no such object or array is open");
    if (skip_space(json, err) < 0)
        return -1;
    if (!json->first[json->depth] && peek(json) == ',') {
        comma = true;
        json->pos++;
        if (skip_space(json, err) < 0)
            return -1;
    }
    json->token = json->pos;
    if (peek(json) == closer) {
        if (comma && (json->flags & OT_JSON_COMMENTS) == 0)
            return fail_here(json, err, "nothing follows the comma");
        json->pos++;
        json->seen.len = json->seen_at[json->depth];
        json->depth--;
        return 0;
    }
    if (peek(json) < 0)
        return fail_here(json, err, "the text ends in the middle");
    if (!json->first[json->depth] && !comma)
        return fail_here(json, err, "a comma is expected here");
    json->first[json->depth] = false;
    return 1;
}

int ot_json_item(struct ot_json *json, struct ot_error *err)
{
    return next_member(json, ']', err);
}

/* Four hexadecimal digits at `pos`. */
static bool read_unit(const struct ot_json *json, size_t pos, uint32_t *unit)
{
    uint8_t bytes[2];

    if (json->len < 4 || pos > json->len - 4 ||
        !ot_unhex(bytes, 2, (struct ot_span){json->text + pos, 4}))
        return false;
    *unit = (uint32_t)bytes[0] << 8 | bytes[1];
    return true;
}

static void append_utf8(struct ot_buf *out, uint32_t c)
{
    if (c < 0x80) {
        ot_buf_putc(out, (char)c);
    } else if (c < 0x800) {
        ot_buf_putc(out, (char)(0xc0 | c >> 6));
        ot_buf_putc(out, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        ot_buf_putc(out, (char)(0xe0 | c >> 12));
        ot_buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
        ot_buf_putc(out, (char)(0x80 | (c & 0x3f)));
    } else {
        ot_buf_putc(out, (char)(0xf0 | c >> 18));
        ot_buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
        ot_buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
        ot_buf_putc(out, (char)(0x80 | (c & 0x3f)));
    }
}

/* `pos` is behind the `\u`. */
static int read_unicode_escape(struct ot_json *json, struct ot_error *err)
{
    uint32_t c;
    uint32_t low;

    if (!read_unit(json, json->pos, &c))
        return fail_here(json, err, "four hexadecimal digits are expected behind \\u");
    if (c == 0)
        return fail_here(json, err, "\\u0000 is not accepted in a string");
    json->pos += 4;
    if (c >= 0xd800 && c <= 0xdfff) {
        if (c > 0xdbff || !starts_with(json, "\\u") || !read_unit(json, json->pos + 2, &low) ||
            low < 0xdc00 || low > 0xdfff)
            return fail_here(json, err, "half of a surrogate pair in a string");
        json->pos += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(&json->scratch, c);
    return 0;
}

/* `pos` is at the backslash. */
static int read_escape(struct ot_json *json, struct ot_error *err)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *found;

    json->pos++;
    if (peek(json) == 'u') {
        json->pos++;
        return read_unicode_escape(json, err);
    }
    found = peek(json) > 0 ? strchr(from, peek(json)) : NULL;
    if (found == NULL)
        return fail_here(json, err, "no such escape in a string");
    ot_buf_putc(&json->scratch, to[found - from]);
    json->pos++;
    return 0;
}

int ot_json_string(struct ot_json *json, struct ot_span *out, struct ot_error *err)
{
    if (to_value(json, err) < 0)
        return -1;
    if (peek(json) != '"')
        return fail_here(json, err, "a string is expected here");
    json->pos++;
    ot_buf_clear(&json->scratch);
    ot_buf_reserve(&json->scratch, 0);
    while (peek(json) != '"') {
        size_t start = json->pos;

        while (peek(json) >= ' ' && peek(json) != '"' && peek(json) != '\\')
            json->pos++;
        if (!ot_is_utf8((struct ot_span){json->text + start, json->pos - start}))
            return fail_at(json, start, err, "this string is not valid UTF-8");
        ot_buf_append(&json->scratch, json->text + start, json->pos - start);
        if (peek(json) == '\\') {
            if (read_escape(json, err) < 0)
                return -1;
        } else if (peek(json) != '"') {
            return fail_here(json, err, "this string has no end");
        }
    }
    json->pos++;
    *out = (struct ot_span){json->scratch.data, json->scratch.len};
    return 0;
}

/* No string has a NUL in it. */
static int check_unique(struct ot_json *json, struct ot_span key, struct ot_error *err)
{
    char shown[64];
    size_t count = 0;

    for (size_t at = json->seen_at[json->depth]; at < json->seen.len; count++) {
        const char *other = json->seen.data + at;

        if (ot_span_is(key, other)) {
            ot_printable(shown, sizeof(shown), key);
            return ot_json_fail(json, err, "the key \"%s\" is there twice", shown);
        }
        at += strlen(other) + 1;
    }
    if (count == OT_JSON_KEYS_MAX)
        return ot_json_fail(json, err, "more than %u keys in an object", OT_JSON_KEYS_MAX);
    ot_buf_append(&json->seen, key.data, key.len);
    ot_buf_putc(&json->seen, '\0');
    return 0;
}

int ot_json_key(struct ot_json *json, struct ot_span *key, struct ot_error *err)
{
    int more = next_member(json, '}', err);

    if (more <= 0)
        return more;
    if (peek(json) != '"')
        return fail_here(json, err, "a key in double quotes is expected here");
    if (ot_json_string(json, key, err) < 0 || skip_space(json, err) < 0)
        return -1;
    if (peek(json) != ':')
        return fail_here(json, err, "a colon is expected here");
    json->pos++;
    if ((json->flags & OT_JSON_UNIQUE) != 0 && check_unique(json, *key, err) < 0)
        return -1;
    return 1;
}

int ot_json_expect_key(struct ot_json *json, const char *key, struct ot_error *err)
{
    char found[64];
    struct ot_span name;
    int more = ot_json_key(json, &name, err);

    if (more < 0)
        return -1;
    if (more == 0)
        return ot_json_fail(json, err, "the key \"%s\" is missing", key);
    if (ot_span_is(name, key))
        return 0;
    ot_printable(found, sizeof(found), name);
    return ot_json_fail(json, err, "the key \"%s\" is expected here, not \"%s\"", key, found);
}

int ot_json_expect_end(struct ot_json *json, struct ot_error *err)
{
    char found[64];
    struct ot_span name;
    int more = ot_json_key(json, &name, err);

    if (more <= 0)
        return more;
    ot_printable(found, sizeof(found), name);
    return ot_json_fail(json, err, "unknown key \"%s\"", found);
}

int ot_json_peek(struct ot_json *json, struct ot_error *err)
{
    if (to_value(json, err) < 0)
        return -1;
    return peek(json) > 0 ? peek(json) : 0;
}

int ot_json_word(struct ot_json *json, struct ot_span *word, struct ot_error *err)
{
    size_t start;

    if (to_value(json, err) < 0)
        return -1;
    start = json->pos;
    while (peek(json) > ' ' && strchr(",:]}[{\"/", peek(json)) == NULL)
        json->pos++;
    *word = (struct ot_span){json->text + start, json->pos - start};
    return 0;
}

int ot_json_uint(struct ot_json *json, uint64_t max, uint64_t *out, struct ot_error *err)
{
    struct ot_span word;

    if (ot_json_word(json, &word, err) < 0)
        return -1;
    if (!ot_parse_uint(word, max, out))
        return ot_json_fail(json, err, "an integer from 0 to %llu is expected here",
                            (unsigned long long)max);
    return 0;
}

int ot_json_thousandths(struct ot_json *json, uint64_t max, uint64_t *out, struct ot_error *err)
{
    struct ot_span word;

    if (ot_json_word(json, &word, err) < 0)
        return -1;
    if (!ot_parse_thousandths(word, max, out))
        return ot_json_fail(json, err,
                            "a number from 0 to %llu with at most three decimals is expected here",
                            (unsigned long long)max);
    return 0;
}

int ot_json_bool(struct ot_json *json, bool *out, struct ot_error *err)
{
    struct ot_span word;

    if (ot_json_word(json, &word, err) < 0)
        return -1;
    if (!ot_span_is(word, "true") && !ot_span_is(word, "false"))
        return ot_json_fail(json, err, "true or false is expected here");
    *out = word.data[0] == 't';
    return 0;
}

/* Behind the digits at `at`; NULL when there is none. */
static const char *skip_digits(const char *at, const char *end)
{
    const char *start = at;

    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at > start ? at : NULL;
}

/* RFC 8259, section 6. */
static bool is_number(struct ot_span text)
{
    const char *end = text.data + text.len;
    const char *whole = text.data + (text.len > 0 && text.data[0] == '-');
    const char *at = skip_digits(whole, end);

    if (at == NULL || (*whole == '0' && at - whole > 1))
        return false;
    if (at < end && *at == '.')
        at = skip_digits(at + 1, end);
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at = skip_digits(at + (at < end && (*at == '+' || *at == '-')), end);
    }
    return at == end;
}

static bool is_plain_value(const struct ot_json *json, struct ot_span word)
{
    uint64_t number;

    return ot_span_is(word, "true") || ot_span_is(word, "false") || ot_span_is(word, "null") ||
           ((json->flags & OT_JSON_NUMBERS) != 0 ? is_number(word)
                                                 : ot_parse_uint(word, UINT64_MAX, &number));
}

/* Depth is bounded by OT_JSON_DEPTH, so the recursion is. */
int ot_json_skip(struct ot_json *json, struct ot_error *err)
{
    struct ot_span text;
    int more;

    if (to_value(json, err) < 0)
        return -1;
    if (peek(json) == '"')
        return ot_json_string(json, &text, err);
    if (peek(json) == '{') {
        if (ot_json_object(json, err) < 0)
            return -1;
        while ((more = ot_json_key(json, &text, err)) > 0) {
            if (ot_json_skip(json, err) < 0)
                return -1;
        }
        return more;
    }
    if (peek(json) == '[') {
        if (ot_json_array(json, err) < 0)
            return -1;
        while ((more = ot_json_item(json, err)) > 0) {
            if (ot_json_skip(json, err) < 0)
                return -1;
        }
        return more;
    }
    if (ot_json_word(json, &text, err) < 0)
        return -1;
    return is_plain_value(json, text) ? 0 : ot_json_fail(json, err, "a value is expected here");
}

int ot_json_finish(struct ot_json *json, struct ot_error *err)
{
    if (skip_space(json, err) < 0)
        return -1;
    if (json->pos != json->len)
        return fail_here(json, err, "nothing may follow the value");
    return 0;
}
