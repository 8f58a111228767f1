#include "gateway/first_answers.h"

#include "base/process.h"
#include "verify/receipt.h"

#include <stdlib.h>
#include <string.h>

/* One that was given. */
struct note {
    struct note *next;
    struct ot_first_answers *answers;
    struct ot_answer_receipt receipt;
    int64_t at_ms;
};

struct ot_first_answers {
    struct ot_generation *generation;
    uv_loop_t *loop;
    struct ot_mailbox *control;
    enum ot_log_format log_format;
    struct ot_pending_receipt *receipt; /* of the boot; NULL: not written yet */
    struct note *first, *last;          /* not being written yet */
    uv_work_t work;                     /* while it runs, it holds the generation ... */
    struct note *batch;                 /* ... and writes these */
    bool failed;                        /* which was said */
    struct ot_buf told;
    struct ot_error err;
    int done;
};

struct ot_first_answers *ot_first_answers_new(struct ot_generation *generation,
                                              const struct ot_generation_options *options)
{
    struct ot_first_answers *answers = ot_alloc(1, sizeof(*answers));

    answers->generation = generation;
    answers->loop = options->loop;
    answers->control = options->control;
    answers->log_format = options->settings->log_format;
    answers->work.data = answers;
    return answers;
}

static void free_notes(struct note *notes)
{
    while (notes != NULL) {
        struct note *next = notes->next;

        free(notes);
        notes = next;
    }
}

void ot_first_answers_free(struct ot_first_answers *answers)
{
    if (answers == NULL)
        return;
    free_notes(answers->first);
    ot_pending_receipt_free(answers->receipt);
    ot_buf_free(&answers->told);
    free(answers);
}

/* On a thread of the pool. The others are tried, too, when one cannot be written. */
static void write_batch(uv_work_t *work)
{
    struct ot_first_answers *answers = work->data;
    struct ot_error err;

    for (struct note *note = answers->batch; note != NULL; note = note->next) {
        if (ot_pending_receipt_append_answer(answers->receipt, &note->receipt, note->at_ms,
                                             &answers->told, &err) == 0 ||
            answers->done < 0)
            continue;
        answers->done = -1;
        answers->err = err;
    }
}

static void tell(struct ot_first_answers *answers)
{
    OT_AUTOFREE char *text = NULL;

    if (answers->told.len > 0)
        ot_log_message(answers->log_format, OT_LEVEL_WARNING, answers->told.data);
    ot_buf_clear(&answers->told);
    if (answers->done == 0 || answers->failed)
        return;
    answers->failed = true;
    text = ot_asprintf("a first answer has no receipt: %s", answers->err.message);
    ot_log_message(answers->log_format, OT_LEVEL_ERROR, text);
}

static void on_written(uv_work_t *work, int status);

/* Whoever calls this holds the generation. */
static void write_more(struct ot_first_answers *answers)
{
    if (answers->receipt == NULL || answers->batch != NULL || answers->first == NULL)
        return;
    answers->batch = OT_STEAL(answers->first);
    answers->last = NULL;
    answers->done = 0;
    (void)ot_generation_hold(answers->generation);
    uv_queue_work(answers->loop, &answers->work, write_batch, on_written);
}

static void on_written(uv_work_t *work, int status)
{
    struct ot_first_answers *answers = work->data;

    (void)status;
    tell(answers);
    free_notes(OT_STEAL(answers->batch));
    write_more(answers);
    ot_generation_release(answers->generation);
}

void ot_first_answers_booted(struct ot_first_answers *answers, struct ot_pending_receipt *receipt)
{
    answers->receipt = receipt;
    write_more(answers);
}

static void take(void *context, void *argument)
{
    struct note *note = argument;
    struct ot_first_answers *answers = note->answers;

    (void)context;
    if (answers->last != NULL)
        answers->last->next = note;
    else
        answers->first = note;
    answers->last = note;
    write_more(answers);
    ot_generation_release(answers->generation);
}

void ot_first_answers_note(struct ot_first_answers *answers,
                           const struct ot_served_function *function, unsigned status)
{
    const struct ot_manifest *manifest = ot_generation_manifest(answers->generation);
    const struct ot_member *bundle = manifest->functions[function->index].bundle;
    struct note *note = ot_alloc(1, sizeof(*note));

    note->answers = answers;
    note->at_ms = ot_now_ms();
    memcpy(note->receipt.function, function->name.data, function->name.len);
    ot_hex(note->receipt.bundle_sha256, bundle->sha256, sizeof(bundle->sha256));
    note->receipt.status = status;
    (void)ot_generation_hold(answers->generation);
    if (ot_mailbox_post(answers->control, take, note) == 0)
        return;
    free(note); /* the end of the program */
    ot_generation_release(answers->generation);
}
