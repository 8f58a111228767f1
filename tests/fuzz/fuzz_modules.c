/* Any bytes as a bundle ("b") or a source map ("m"), and as two texts ("l") whose lines are
 * compared. */
#include "package/lines.h"
#include "package/modules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* Head, modules and tail stand in the text in this order and do not overlap. */
static void check_bundle(struct ot_span text)
{
    OT_AUTOMODULES struct ot_modules modules = {0};
    OT_AUTOBUF struct ot_buf map = {0};
    const char *at = text.data;

    ot_modules_of_bundle(text, &modules);
    check(modules.head.data == text.data && modules.head.len <= text.len);
    at += modules.head.len;
    for (size_t i = 0; i < modules.count; i++) {
        const struct ot_module *module = &modules.items[i];

        check(module->name.data >= at && module->name.len > 0 &&
              module->name.len <= OT_MODULE_NAME_MAX);
        check(module->text.data >= module->name.data + module->name.len);
        at = module->text.data + module->text.len;
        check(at <= text.data + text.len);
        check(ot_module_package(module->name).len < module->name.len);
    }
    if (modules.count > 0)
        check(modules.tail.data >= at &&
              modules.tail.data + modules.tail.len == text.data + text.len);
    (void)ot_modules_inline_map(text, &map);
}

static void check_map(struct ot_span text)
{
    OT_AUTOMODULES struct ot_modules modules = {0};
    struct ot_error err = {0};

    if (ot_modules_of_map(text, &modules, &err) < 0) {
        check(err.kind == OT_FAILED && modules.count == 0);
        return;
    }
    for (size_t i = 0; i < modules.count; i++)
        check(modules.items[i].name.len > 0 && modules.items[i].text.len <= modules.owned.len);
}

/* What is gone and what came leads from one text to the other. */
static void check_lines(struct ot_span before, struct ot_span after)
{
    OT_AUTOLINES struct ot_lines lines = {0};
    OT_AUTOBUF struct ot_buf old = {0};
    OT_AUTOBUF struct ot_buf new = {0};

    ot_lines_diff(before, after, SIZE_MAX, SIZE_MAX, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        const struct ot_line *line = &lines.items[i];
        struct ot_buf *const sides[] = {line->mark != '+' ? &old : NULL,
                                        line->mark != '-' ? &new : NULL};

        for (size_t k = 0; k < OT_COUNT(sides); k++) {
            if (sides[k] == NULL)
                continue;
            ot_buf_append(sides[k], line->text.data, line->text.len);
            ot_buf_putc(sides[k], '\n');
        }
    }
    if (lines.count == 0)
        return;
    if (before.len > 0 && before.data[before.len - 1] != '\n')
        old.len--;
    if (after.len > 0 && after.data[after.len - 1] != '\n')
        new.len--;
    check(ot_span_equal(ot_buf_span(&old), before) && ot_span_equal(ot_buf_span(&new), after));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span text;

    if (size == 0)
        return 0;
    text = (struct ot_span){(const char *)data + 1, size - 1};
    if (data[0] == 'm') {
        check_map(text);
    } else if (data[0] == 'l') {
        const char *middle = memchr(text.data, '\x01', text.len);
        size_t first = middle == NULL ? text.len : (size_t)(middle - text.data);

        check_lines((struct ot_span){text.data, first},
                    ot_span_skip(text, middle == NULL ? first : first + 1));
    } else {
        check_bundle(text);
    }
    return 0;
}
