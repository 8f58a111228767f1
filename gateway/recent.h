/*
 * Which functions were called lately, in a file, so that the next gateway starts their engines
 * first: a name a line, the last one that was called first. It is a hint: a file that cannot be
 * read or written changes nothing but the order.
 */
#pragma once

#include "base/buf.h"

/* Bytes of a file; what is longer is not believed. */
#define OT_RECENT_MAX (1u << 20)

/* Names that a function can have, one a line, each line with its newline, none twice (OT_FAILED
 * says which line is wrong, and `names` is empty then). */
OT_MUST_USE int ot_recent_parse(struct ot_span text, struct ot_list *names, struct ot_error *err);
/* The same from a file; none is an empty list. OT_FAILED. */
OT_MUST_USE int ot_recent_read(const char *path, struct ot_list *names, struct ot_error *err);
/* Replaces the file, of mode 0600, whole. OT_FAILED. */
OT_MUST_USE int ot_recent_write(const char *path, const struct ot_list *names,
                                struct ot_error *err);
