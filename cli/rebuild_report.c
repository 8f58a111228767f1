#include "cli/rebuild.h"

#include "package/modules.h"

#include <string.h>

/* Bytes that are shown around the first one that differs, where there are no lines to show. */
#define SHOWN_BEFORE 40u
#define SHOWN_BEHIND 80u

static void print_text(const char *text)
{
    OT_AUTOBUF struct ot_buf word = {0};

    ot_diff_word(&word, ot_span_of(text), 0);
    if (word.len > 0)
        fwrite(word.data, 1, word.len, stdout);
}

bool ot_rebuild_is_equal(const struct ot_rebuild_result *result)
{
    return result->compared && result->diff.same;
}

/* -- the smallest difference ------------------------------------------------------------------- */

/* What is shown of it; one of `module` and `member` is set, or none. */
struct difference {
    struct ot_diff_lines texts;
    struct ot_lines window; /* of a member */
    struct ot_buf before, after;
    const struct ot_lines *lines; /* NULL: there is nothing to show */
    const char *member;
    char *module, *function;
};

static void difference_free(struct difference *difference)
{
    ot_diff_lines_free(&difference->texts);
    ot_lines_free(&difference->window);
    ot_buf_free(&difference->before);
    ot_buf_free(&difference->after);
    ot_autofree(&difference->module);
    ot_autofree(&difference->function);
}

static struct ot_span window_at(const struct ot_buf *bytes, size_t at)
{
    size_t begin = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
    size_t end = at + SHOWN_BEHIND < bytes->len ? at + SHOWN_BEHIND : bytes->len;
    struct ot_span window = {bytes->data == NULL ? "" : bytes->data + begin, end - begin};
    const char *newline = memchr(window.data, '\n', at - begin);

    while (newline != NULL) {
        window = ot_span_skip(window, (size_t)(newline + 1 - window.data));
        newline = memchr(window.data, '\n', at - (size_t)(window.data - bytes->data));
    }
    newline = memchr(window.data, '\n', window.len);
    if (newline != NULL)
        window.len = (size_t)(newline - window.data);
    return window;
}

/* One line of each side, cut out around the first byte that differs. */
static void cut_window(struct difference *difference)
{
    const struct ot_buf *before = &difference->before, *after = &difference->after;
    size_t at = 0;

    while (at < before->len && at < after->len && before->data[at] == after->data[at])
        at++;
    difference->window.items = ot_alloc(2, sizeof(*difference->window.items));
    difference->window.count = 2;
    difference->window.items[0] = (struct ot_line){'-', at + 1, 0, window_at(before, at)};
    difference->window.items[1] = (struct ot_line){'+', 0, at + 1, window_at(after, at)};
    difference->lines = &difference->window;
}

static int take_member(const struct ot_rebuild_result *result, struct difference *out,
                       struct ot_error *err)
{
    const struct ot_member_change *change = result->causes.member;

    out->member = (change->after != NULL ? change->after : change->before)->path;
    if (change->before == NULL || change->after == NULL ||
        change->before->size > OT_CONTENT_TEXT_MAX || change->after->size > OT_CONTENT_TEXT_MAX)
        return 0;
    if (ot_content_read(&result->payload, change->before, &out->before, err) < 0 ||
        ot_content_read(&result->rebuilt, change->after, &out->after, err) < 0)
        return -1;
    cut_window(out);
    return 0;
}

static int take_module(const struct ot_rebuild_result *result, struct difference *out,
                       struct ot_error *err)
{
    const struct ot_module_change *change = result->causes.module;
    const struct ot_module_place *place = change->after != NULL ? change->after : change->before;
    OT_AUTOLIST struct ot_list names = {0};

    out->member = place->member->path;
    out->module = ot_strndup(place->name.data, place->name.len);
    if (ot_diff_functions(&result->diff, change, 1, &names) > 0)
        out->function = ot_strdup(names.items[0]);
    if (ot_diff_lines(&result->diff, change, OT_DIFF_CONTEXT, OT_DIFF_LINES_MAX, &out->texts, err) <
        0)
        return -1;
    out->lines = &out->texts.lines;
    return 0;
}

static int take_difference(const struct ot_rebuild_result *result, struct difference *out,
                           struct ot_error *err)
{
    if (!result->compared || result->diff.same)
        return 0;
    if (result->causes.module != NULL)
        return take_module(result, out, err);
    return result->causes.member != NULL ? take_member(result, out, err) : 0;
}

/* -- for people -------------------------------------------------------------------------------- */

static void print_equal(const struct ot_rebuild_result *result)
{
    char digest[OT_SHA256_HEX];

    ot_sha256_hex(ot_buf_span(&result->payload.preview.manifest_text), digest);
    printf("%sequal%s: ", ot_out_style(stdout, OT_STYLE_GREEN),
           ot_out_style(stdout, OT_STYLE_PLAIN));
    print_text(result->file);
    printf(" is what ");
    print_text(result->functions);
    printf(" gives\nmanifest sha256 %s\n", digest);
    if (result->attestation != NULL) {
        printf("attestation     ");
        print_text(result->attestation);
        putchar('\n');
    }
}

static void print_causes(const struct ot_causes *causes)
{
    printf("%snot equal%s: ", ot_out_style(stdout, OT_STYLE_RED),
           ot_out_style(stdout, OT_STYLE_PLAIN));
    for (size_t i = 0; i < causes->count; i++) {
        if (i > 0)
            printf("also: ");
        print_text(causes->items[i].text);
        putchar('\n');
    }
    if (causes->cut)
        printf("and more\n");
}

static void print_difference(const struct difference *difference)
{
    if (difference->member == NULL)
        return;
    printf("\nthe smallest difference: ");
    if (difference->function != NULL)
        printf("function %s, ", difference->function);
    printf("%s", difference->member);
    if (difference->module != NULL) {
        printf(", module ");
        print_text(difference->module);
    } else if (difference->lines != NULL) {
        printf(", byte %zu", difference->lines->items[0].before);
    }
    putchar('\n');
    if (difference->lines == &difference->window) {
        for (size_t i = 0; i < difference->window.count; i++) {
            OT_AUTOBUF struct ot_buf word = {0};

            ot_diff_word(&word, difference->window.items[i].text, 0);
            printf("  %c%s\n", difference->window.items[i].mark, word.len > 0 ? word.data : "");
        }
    } else if (difference->lines != NULL) {
        ot_diff_print_lines(difference->lines, "  ");
    }
}

int ot_rebuild_print(const struct ot_rebuild_result *result, struct ot_error *err)
{
    OT_CLEANUP(difference_free) struct difference difference = {0};

    if (take_difference(result, &difference, err) < 0)
        return -1;
    if (ot_rebuild_is_equal(result)) {
        print_equal(result);
        return 0;
    }
    print_causes(&result->causes);
    print_difference(&difference);
    return 0;
}

/* -- for programs ------------------------------------------------------------------------------ */

static void write_digest(struct ot_json_writer *writer, const char *key,
                         const struct ot_content *content)
{
    char digest[OT_SHA256_HEX];

    if (content == NULL) {
        ot_jw_null(writer, key);
        return;
    }
    ot_sha256_hex(ot_buf_span(&content->preview.manifest_text), digest);
    ot_jw_string(writer, key, digest);
}

static void write_causes(struct ot_json_writer *writer, const struct ot_causes *causes)
{
    ot_jw_array(writer, "causes");
    for (size_t i = 0; i < causes->count; i++) {
        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "kind", ot_cause_words[causes->items[i].kind]);
        if (causes->items[i].subject != NULL)
            ot_out_json_text(writer, "subject", causes->items[i].subject);
        ot_out_json_text(writer, "text", causes->items[i].text);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
    ot_jw_bool(writer, "causesCut", causes->cut);
}

static void write_difference(struct ot_json_writer *writer, const struct difference *difference)
{
    if (difference->member == NULL) {
        ot_jw_null(writer, "difference");
        return;
    }
    ot_jw_object(writer, "difference");
    if (difference->function != NULL)
        ot_jw_string(writer, "function", difference->function);
    ot_jw_string(writer, "member", difference->member);
    if (difference->module != NULL)
        ot_out_json_text(writer, "module", difference->module);
    else if (difference->lines != NULL)
        ot_jw_uint(writer, "byte", difference->lines->items[0].before);
    if (difference->lines != NULL)
        ot_diff_json_lines(writer, difference->lines);
    ot_jw_object_end(writer);
}

int ot_rebuild_json(const struct ot_rebuild_result *result, struct ot_error *err)
{
    OT_CLEANUP(difference_free) struct difference difference = {0};
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    if (take_difference(result, &difference, err) < 0)
        return -1;
    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_jw_bool(&writer, "equal", ot_rebuild_is_equal(result));
    ot_out_json_text(&writer, "file", result->file);
    ot_out_json_text(&writer, "functions", result->functions);
    ot_jw_bool(&writer, "builtHere", result->built_here);
    write_digest(&writer, "manifestSha256", &result->payload);
    write_digest(&writer, "rebuiltSha256", result->compared ? &result->rebuilt : NULL);
    write_causes(&writer, &result->causes);
    write_difference(&writer, &difference);
    if (result->attestation != NULL)
        ot_out_json_text(&writer, "attestation", result->attestation);
    else
        ot_jw_null(&writer, "attestation");
    ot_out_json_diagnostics(&writer, &result->report);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
    return 0;
}
