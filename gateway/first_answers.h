/*
 * The first answer of each function of a generation, appended behind its boot's receipt (see
 * verify/receipt.h) on a thread of libuv's pool. Everything here runs on the control thread, but
 * what is marked. What cannot be written is an error in the log, once; requests go on.
 */
#pragma once

#include "gateway/generation.h"

struct ot_first_answers;

/* Of a generation, which has it until its own end. */
struct ot_first_answers *ot_first_answers_new(struct ot_generation *generation,
                                              const struct ot_generation_options *options);
/* When nobody holds the generation any more; NULL is fine. */
void ot_first_answers_free(struct ot_first_answers *answers);
/* The boot's receipt was appended; taken over. Before this answers wait to be written. */
void ot_first_answers_booted(struct ot_first_answers *answers, struct ot_pending_receipt *receipt);
/* Any thread that holds the generation: the function gave its first answer just now. */
void ot_first_answers_note(struct ot_first_answers *answers,
                           const struct ot_served_function *function, unsigned status);
