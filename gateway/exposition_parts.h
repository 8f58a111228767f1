/* What the files that write /metrics share. */
#pragma once

#include "gateway/snapshot.h"

/* The two lines in front of a metric's samples. */
void ot_metric_family(struct ot_buf *out, const char *name, const char *type, const char *help);
/* A family of one value without labels. */
void ot_metric_one(struct ot_buf *out, const char *name, const char *type, const char *help,
                   uint64_t value);
/* `name{label="value"`, to be ended by the caller. */
void ot_metric_labelled(struct ot_buf *out, const char *name, const char *label, const char *value);
void ot_metric_sample(struct ot_buf *out, const char *name, const char *label,
                      const char *label_value, uint64_t value);
/* Microseconds as seconds. */
void ot_metric_seconds(struct ot_buf *out, uint64_t us);

/* exposition_cells.c */
void ot_exposition_write_cells(const struct ot_snapshot *snapshot, struct ot_buf *out);
