#include "base/text.h"

#include <string.h>

#define WORD_MAX 128u

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool ot_is_name(struct ot_span text)
{
    if (text.len == 0 || text.len > 63 || !is_alpha(text.data[0]))
        return false;
    for (size_t i = 1; i < text.len; i++) {
        char c = text.data[i];

        if (!is_alpha(c) && !is_digit(c) && c != '_' && c != '-')
            return false;
    }
    return true;
}

bool ot_is_env_name(struct ot_span text)
{
    if (text.len == 0 || text.len > WORD_MAX || is_digit(text.data[0]))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (!is_alpha(c) && !is_digit(c) && c != '_')
            return false;
    }
    return true;
}

bool ot_is_flag_word(struct ot_span text)
{
    if (text.len == 0 || text.len > WORD_MAX || text.data[0] < 'a' || text.data[0] > 'z')
        return false;
    for (size_t i = 1; i < text.len; i++) {
        char c = text.data[i];

        if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '_')
            return false;
    }
    return true;
}

static bool is_path_segment(const char *data, size_t len)
{
    if (len == 0 || (len == 1 && data[0] == '.') || (len == 2 && memcmp(data, "..", 2) == 0))
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = data[i];

        if (!is_alpha(c) && !is_digit(c) && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

bool ot_is_relative_path(struct ot_span text)
{
    size_t start = 0;

    if (text.len == 0 || text.len > OT_PATH_MAX)
        return false;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != '/')
            continue;
        if (!is_path_segment(text.data + start, i - start))
            return false;
        start = i + 1;
    }
    return true;
}

bool ot_is_date(struct ot_span text)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned part[3] = {0, 0, 0};
    bool leap;

    if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-')
        return false;
    for (size_t i = 0, at = 0; i < 10; i++) {
        if (i == 4 || i == 7) {
            at++;
            continue;
        }
        if (!is_digit(text.data[i]))
            return false;
        part[at] = part[at] * 10 + (unsigned)(text.data[i] - '0');
    }
    if (part[1] < 1 || part[1] > 12 || part[2] < 1)
        return false;
    leap = part[0] % 4 == 0 && (part[0] % 100 != 0 || part[0] % 400 == 0);
    return part[2] <= days[part[1] - 1] + (unsigned)(leap && part[1] == 2);
}

bool ot_is_sha256(struct ot_span text)
{
    if (text.len != 64)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i]) && !(text.data[i] >= 'a' && text.data[i] <= 'f'))
            return false;
    }
    return true;
}

/* The length of the UTF-8 sequence at `s`, 0 when it is not well-formed (Unicode, table 3-7). */
static size_t utf8_sequence(const uint8_t *s, size_t left)
{
    static const struct {
        uint8_t first_low, first_high, second_low, second_high, length;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    if (s[0] < 0x80)
        return s[0] != 0;
    for (size_t i = 0; i < OT_COUNT(forms); i++) {
        if (s[0] < forms[i].first_low || s[0] > forms[i].first_high)
            continue;
        if (left < forms[i].length || s[1] < forms[i].second_low || s[1] > forms[i].second_high)
            return 0;
        for (size_t k = 2; k < forms[i].length; k++) {
            if (s[k] < 0x80 || s[k] > 0xbf)
                return 0;
        }
        return forms[i].length;
    }
    return 0;
}

bool ot_is_utf8(struct ot_span text)
{
    const uint8_t *bytes = (const uint8_t *)text.data;
    size_t at = 0;

    while (at < text.len) {
        uint64_t word;
        size_t length;

        /* eight ASCII bytes at once, none of them NUL */
        while (text.len - at >= sizeof(word)) {
            memcpy(&word, bytes + at, sizeof(word));
            if ((word & 0x8080808080808080u) != 0 ||
                ((word - 0x0101010101010101u) & ~word & 0x8080808080808080u) != 0)
                break;
            at += sizeof(word);
        }
        if (at == text.len)
            break;
        length = utf8_sequence(bytes + at, text.len - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

bool ot_parse_uint(struct ot_span text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (text.len == 0 || (text.len > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i]) || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
            return false;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

bool ot_parse_thousandths(struct ot_span text, uint64_t max, uint64_t *out)
{
    const char *point = text.len > 0 ? memchr(text.data, '.', text.len) : NULL;
    size_t whole_len = point != NULL ? (size_t)(point - text.data) : text.len;
    size_t decimals = point != NULL ? text.len - whole_len - 1 : 0;
    uint64_t whole, scale = 100, thousandths = 0;

    if (!ot_parse_uint((struct ot_span){text.data, whole_len}, max, &whole) || decimals > 3 ||
        (point != NULL && decimals == 0))
        return false;
    for (size_t i = 0; i < decimals; i++, scale /= 10) {
        if (!is_digit(point[1 + i]))
            return false;
        thousandths += scale * (uint64_t)(point[1 + i] - '0');
    }
    if (whole == max && thousandths > 0)
        return false;
    *out = whole * 1000 + thousandths;
    return true;
}

void ot_hex(char *out, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool ot_unhex(void *out, size_t len, struct ot_span text)
{
    uint8_t *bytes = out;

    if (text.len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(text.data[2 * i]);
        int low = hex_value(text.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/*
 * How many bytes have to be put in, left out, replaced or swapped with their neighbour (optimal
 * string alignment); both at most WORD_MAX bytes.
 */
static unsigned edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][WORD_MAX + 1] = {0}; /* the last three */

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        const unsigned *before = rows[(i + 1) % 3];
        const unsigned *above = rows[(i - 1) % 3];
        unsigned *row = rows[i % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned replaced = above[j - 1] + (a[i - 1] != b[j - 1]);

            row[j] = smaller(replaced, 1 + smaller(above[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

const char *ot_nearest_word(const char *text, const char *const *words)
{
    size_t len = strlen(text);
    const char *best = NULL;
    unsigned best_distance = (unsigned)(len < 4 ? 1 : 2) + 1;

    if (len > WORD_MAX)
        return NULL;
    for (; *words != NULL; words++) {
        size_t word_len = strlen(*words);
        unsigned distance;

        if (word_len > WORD_MAX)
            continue;
        distance = edit_distance(text, len, *words, word_len);
        /* a word cut short is meant, however much is missing */
        if (len >= 3 && strncmp(text, *words, len) == 0)
            distance = 1;
        if (distance < best_distance) {
            best = *words;
            best_distance = distance;
        }
    }
    return best;
}

void ot_printable(char *out, size_t out_size, struct ot_span text)
{
    size_t len = text.len < out_size ? text.len : out_size - 1;

    for (size_t i = 0; i < len; i++)
        out[i] = text.data[i] >= ' ' && text.data[i] <= '~' ? text.data[i] : '?';
    out[len] = '\0';
}

static bool is_control(const char *character, size_t size)
{
    uint8_t first = (uint8_t)character[0];

    if (size == 1)
        return first < 0x20 || first == 0x7f;
    return first == 0xc2 && (uint8_t)character[1] < 0xa0;
}

void ot_buf_readable(struct ot_buf *out, struct ot_span text)
{
    for (size_t at = 0; at < text.len;) {
        const char *character = text.data + at;
        size_t size = utf8_sequence((const uint8_t *)character, text.len - at);

        if (*character == '\n' || *character == '\t' || (size > 0 && !is_control(character, size)))
            ot_buf_append(out, character, size);
        else
            ot_buf_putc(out, '?');
        at += size > 0 ? size : 1;
    }
}
