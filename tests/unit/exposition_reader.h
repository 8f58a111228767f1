/*
 * A strict reader of the Prometheus text format: each family once, HELP and TYPE in front of its
 * samples, valid names, labels and escapes, no series twice, histograms that add up.
 */
#pragma once

#include "tests/unit/unit.h"

#include "base/buf.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct exposition {
    struct ot_list families; /* names */
    struct ot_list series;   /* "name{labels}" with the labels as they stand */
    char family[128];
    char type[16];
    bool has_help, has_sample;
    /* of the histogram series that is being read */
    char histogram_labels[256];
    double last_bound, last_bucket;
    bool in_buckets;
};

static inline bool is_metric_name(const char *name, size_t len)
{
    if (len == 0 || isdigit((unsigned char)*name))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != ':')
            return false;
    }
    return true;
}

static inline void read_help(struct exposition *page, const char *line)
{
    size_t len = strcspn(line, " ");

    assert_true(is_metric_name(line, len));
    assert_true(len < sizeof(page->family));
    assert_true(strlen(line) > len + 5); /* says something */
    assert_false(page->in_buckets);
    memcpy(page->family, line, len);
    page->family[len] = '\0';
    if (ot_list_has(&page->families, page->family))
        fail_msg("family %s twice", page->family);
    ot_list_add(&page->families, page->family);
    page->has_help = true;
    page->type[0] = '\0';
}

static inline void read_type(struct exposition *page, const char *line)
{
    size_t len = strlen(page->family);
    bool is_total;

    assert_true(page->has_help);
    assert_memory_equal(line, page->family, len);
    assert_int_equal(line[len], ' ');
    snprintf(page->type, sizeof(page->type), "%s", line + len + 1);
    is_total = len > 6 && strcmp(page->family + len - 6, "_total") == 0;
    if (strcmp(page->type, "counter") == 0)
        assert_true(is_total || strcmp(page->family, "onetube_workerd_generation") == 0);
    else if (strcmp(page->type, "gauge") == 0 || strcmp(page->type, "histogram") == 0)
        assert_false(is_total);
    else
        fail_msg("type of %s: %s", page->family, page->type);
    page->has_help = false;
}

/* The labels from `{` to behind `}`; `le` gets the value of that label, the rest goes to `others`.
 */
static inline const char *read_labels(const char *at, char le[32], struct ot_buf *others)
{
    do {
        const char *name = ++at;
        size_t len = strcspn(name, "=");
        const char *value = name + len + 2;

        assert_true(is_metric_name(name, len) && memchr(name, ':', len) == NULL);
        assert_memory_equal(name + len, "=\"", 2);
        for (at = value; *at != '"'; at++) {
            assert_true(*at != '\0' && *at != '\n');
            if (*at == '\\') {
                at++;
                assert_true(*at == '\\' || *at == '"' || *at == 'n');
            }
        }
        if (len == 2 && memcmp(name, "le", 2) == 0)
            snprintf(le, 32, "%.*s", (int)(at - value), value);
        else
            ot_buf_append(others, name, (size_t)(at - name));
        at++;
        assert_true(*at == ',' || *at == '}');
    } while (*at == ',');
    return at + 1;
}

static inline void read_bucket(struct exposition *page, const char *le, const char *others,
                               double value)
{
    double bound = strcmp(le, "+Inf") == 0 ? 1e300 : strtod(le, NULL);

    assert_true(*le != '\0');
    if (page->in_buckets) {
        assert_string_equal(others, page->histogram_labels);
        assert_true(bound > page->last_bound && value >= page->last_bucket);
    }
    snprintf(page->histogram_labels, sizeof(page->histogram_labels), "%s", others);
    page->last_bound = bound;
    page->last_bucket = value;
    page->in_buckets = true;
}

/* Buckets, then the sum, then the count, for each set of labels. */
static inline void read_histogram(struct exposition *page, const char *suffix, const char *le,
                                  const char *others, double value)
{
    if (strcmp(suffix, "_bucket") == 0) {
        read_bucket(page, le, others, value);
        return;
    }
    assert_string_equal(others, page->histogram_labels);
    assert_true(page->last_bound > 1e299);
    if (strcmp(suffix, "_count") == 0) {
        assert_true(value == page->last_bucket);
        page->in_buckets = false;
    } else {
        assert_string_equal(suffix, "_sum");
    }
}

static inline void read_sample(struct exposition *page, const char *line)
{
    OT_AUTOBUF struct ot_buf others = {0};
    size_t name_len = strcspn(line, "{ ");
    size_t family_len = strlen(page->family);
    const char *at = line + name_len;
    char suffix[64], le[32] = "";
    OT_AUTOFREE char *series = NULL;
    char *end;
    double value;

    ot_buf_puts(&others, "");
    assert_true(is_metric_name(line, name_len));
    assert_true(page->type[0] != '\0');
    if (name_len < family_len || memcmp(line, page->family, family_len) != 0)
        fail_msg("not of %s: %s", page->family, line);
    snprintf(suffix, sizeof(suffix), "%.*s", (int)(name_len - family_len), line + family_len);
    if (*at == '{')
        at = read_labels(at, le, &others);
    series = ot_strndup(line, (size_t)(at - line));
    if (ot_list_has(&page->series, series))
        fail_msg("series twice: %s", series);
    ot_list_add(&page->series, series);
    assert_int_equal(*at, ' ');
    assert_true(isdigit((unsigned char)at[1]));
    value = strtod(at + 1, &end);
    assert_int_equal(*end, '\0');
    if (strcmp(page->type, "histogram") == 0)
        read_histogram(page, suffix, le, others.data, value);
    else
        assert_true(*suffix == '\0' && *le == '\0');
}

/* Reads a whole page; fails the test where it is not valid. */
static inline void read_exposition(const char *text, struct exposition *page)
{
    assert_true(*text != '\0');
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        OT_AUTOFREE char *line = ot_strndup(text, len);

        assert_int_equal(text[len], '\n'); /* every line ends, the last one too */
        if (strncmp(line, "# HELP ", 7) == 0)
            read_help(page, line + 7);
        else if (strncmp(line, "# TYPE ", 7) == 0)
            read_type(page, line + 7);
        else
            read_sample(page, line);
        text += len + 1;
    }
    assert_false(page->has_help || page->in_buckets);
}

static inline void exposition_free(struct exposition *page)
{
    ot_list_free(&page->families);
    ot_list_free(&page->series);
}
