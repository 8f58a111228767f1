#include "gateway/recent.h"

#include "base/file.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

static int parse_lines(struct ot_span text, struct ot_list *names, struct ot_error *err)
{
    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        struct ot_span name = {text.data, end != NULL ? (size_t)(end - text.data) : text.len};

        if (end == NULL || !ot_is_name(name))
            return ot_fail(err, OT_FAILED, "line %zu is not a function's name", names->count + 1);
        ot_list_add_span(names, name);
        text = ot_span_skip(text, name.len + 1);
    }
    return 0;
}

static int check_twice(const struct ot_list *names, struct ot_error *err)
{
    OT_AUTOLIST struct ot_list sorted = {0};

    for (size_t i = 0; i < names->count; i++)
        ot_list_add(&sorted, names->items[i]);
    ot_list_sort(&sorted);
    for (size_t i = 1; i < sorted.count; i++) {
        if (strcmp(sorted.items[i - 1], sorted.items[i]) == 0)
            return ot_fail(err, OT_FAILED, "%s stands twice", sorted.items[i]);
    }
    return 0;
}

int ot_recent_parse(struct ot_span text, struct ot_list *names, struct ot_error *err)
{
    if (parse_lines(text, names, err) == 0 && check_twice(names, err) == 0)
        return 0;
    ot_list_free(names);
    *names = (struct ot_list){0};
    return -1;
}

int ot_recent_read(const char *path, struct ot_list *names, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};

    if (access(path, F_OK) < 0)
        return 0;
    if (ot_read_file(path, OT_RECENT_MAX, &text, err) < 0)
        return -1;
    return ot_recent_parse(ot_buf_span(&text), names, err) < 0 ? ot_error_prefix(err, "%s", path)
                                                               : 0;
}

int ot_recent_write(const char *path, const struct ot_list *names, struct ot_error *err)
{
    OT_AUTOTEMP struct ot_temp_file temp = OT_TEMP_INIT;
    OT_AUTOBUF struct ot_buf text = {0};

    for (size_t i = 0; i < names->count; i++)
        ot_buf_printf(&text, "%s\n", names->items[i]);
    if (ot_temp_open(&temp, path, 0600, err) < 0 ||
        ot_write_all(temp.fd, text.data, text.len, path, err) < 0)
        return -1;
    return ot_temp_commit(&temp, false, err);
}
