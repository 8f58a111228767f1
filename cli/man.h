/* Man pages out of command tables: roff (man macros) that groff renders without a warning. */
#pragma once

#include "base/options.h"

struct ot_man_item {
    const char *tag; /* NULL ends the list */
    const char *text;
};

/*
 * A section behind the commands: paragraphs, separated by an empty line, and then items. Either
 * may be NULL.
 */
struct ot_man_section {
    const char *title; /* NULL ends the list */
    const char *text;
    const struct ot_man_item *items;
};

struct ot_man_page {
    const char *program;
    const char *version;
    const char *summary;
    const char *description;
    /*
     * One command without a name makes a page of its options; several get a sub-section each. NULL
     * ends the list.
     */
    const struct ot_command *const *commands;
    const struct ot_man_section *sections;
};

void ot_man_write(const struct ot_man_page *page, FILE *out);
