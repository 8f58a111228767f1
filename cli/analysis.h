/* How `onetube build --analyze` shows its result. */
#pragma once

#include "build/analysis.h"
#include "cli/output.h"

void ot_analysis_print(const struct ot_analysis *analysis);
/* The member "analysis" of the open object. */
void ot_analysis_json(struct ot_json_writer *writer, const struct ot_analysis *analysis);
