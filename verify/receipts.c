/* The file that a machine's boot receipts are appended to. */
#include "verify/receipt.h"

#include "base/file.h"
#include "base/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOCK_WAIT_MS 10000
/* How far back the last receipt is looked for: at first, and then behind what was left of one. */
#define TAIL (64u << 10)
#define TAIL_MAX (2 * (uint64_t)OT_RECEIPT_MAX)

struct ot_pending_receipt {
    char *path;
    int fd;
    struct ot_receipt receipt;
    /* Once it was appended, for what comes after it: its line's digest, and when that was. */
    char boot_sha256[OT_SHA256_HEX];
    int64_t booted_ms;
};

void ot_pending_receipt_free(struct ot_pending_receipt *pending)
{
    if (pending == NULL)
        return;
    ot_autoclose(&pending->fd);
    ot_receipt_free(&pending->receipt);
    free(pending->path);
    free(pending);
}

static void pending_cleanup(struct ot_pending_receipt **pending)
{
    ot_pending_receipt_free(*pending);
}

static void describe_release(const struct ot_payload *payload, struct ot_receipt *receipt)
{
    const struct ot_statement *statement = ot_payload_statement(payload);
    struct ot_span image = ot_payload_image(payload);

    if (statement == NULL)
        return;
    receipt->has_release = true;
    ot_sha256_hex((struct ot_span){image.data + OT_SIGNED_OFFSET, image.len - OT_SIGNED_OFFSET},
                  receipt->release_sha256);
    memcpy(receipt->name, statement->name, sizeof(receipt->name));
    memcpy(receipt->version, statement->version, sizeof(receipt->version));
    receipt->sequence = statement->sequence;
}

static void describe(const struct ot_payload *payload, const struct ot_trust *trust,
                     const struct ot_list *functions, struct ot_receipt *receipt)
{
    const struct ot_manifest *manifest = ot_payload_manifest(payload);
    const struct ot_list *signers = ot_payload_signers(payload);

    describe_release(payload, receipt);
    ot_sha256_hex(ot_payload_manifest_text(payload), receipt->manifest_sha256);
    ot_receipt_policy(trust, receipt->policy_sha256);
    for (size_t i = 0; i < signers->count; i++)
        ot_list_add(&receipt->signers, signers->items[i]);
    for (size_t i = 0; i < manifest->function_count; i++) {
        const char *name = manifest->functions[i].name;

        if (functions->count == 0 || ot_list_has(functions, name))
            ot_list_add(&receipt->functions, name);
    }
}

static int open_file(const char *path, struct ot_error *err)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0) {
        ot_fail_errno(err, OT_CONFIG, "--receipts %s", path);
        ot_autoclose(&fd);
        return -1;
    }
    if (S_ISREG(info.st_mode))
        return fd;
    close(fd);
    return ot_fail(err, OT_CONFIG, "--receipts %s: is not a regular file", path);
}

int ot_pending_receipt_new(const char *path, const char *program, const struct ot_payload *payload,
                           const struct ot_trust *trust, const struct ot_list *functions,
                           struct ot_pending_receipt **out, struct ot_error *err)
{
    OT_CLEANUP(pending_cleanup)
    struct ot_pending_receipt *pending = ot_alloc(1, sizeof(*pending));

    pending->path = ot_strdup(path);
    pending->fd = open_file(path, err);
    if (pending->fd < 0)
        return -1;
    snprintf(pending->receipt.program, sizeof(pending->receipt.program), "%s", program);
    describe(payload, trust, functions, &pending->receipt);
    *out = OT_STEAL(pending);
    return 0;
}

void ot_pending_receipt_set_engine(struct ot_pending_receipt *pending,
                                   const char sha256[OT_SHA256_HEX])
{
    memcpy(pending->receipt.engine_sha256, sha256, sizeof(pending->receipt.engine_sha256));
}

/* What the last `tail` bytes are; `line_ends`: with a newline, or nothing is there. */
static int read_end(const struct ot_pending_receipt *pending, uint64_t tail, uint64_t size,
                    struct ot_receipt_chain *chain, bool *line_ends, struct ot_error *err)
{
    OT_AUTOFREE char *text = ot_alloc(tail + 1, 1);
    struct ot_span rest = {text, tail};

    ot_receipt_chain_begin(chain);
    if (ot_read_at(pending->fd, text, tail, size - tail, pending->path, err) < 0)
        return -1;
    *line_ends = tail == 0 || text[tail - 1] == '\n';
    while (rest.len > 0) {
        const char *newline = memchr(rest.data, '\n', rest.len);
        size_t len = newline != NULL ? (size_t)(newline - rest.data) : rest.len;
        size_t taken = newline != NULL ? len + 1 : len;

        if (ot_receipt_chain_take(chain, (struct ot_span){rest.data, len}, true, err) < 0)
            return -1;
        rest = (struct ot_span){rest.data + taken, rest.len - taken};
    }
    return 0;
}

static int find_end(const struct ot_pending_receipt *pending, struct ot_receipt_chain *chain,
                    bool *line_ends, struct ot_error *err)
{
    const uint64_t tails[] = {TAIL, TAIL_MAX};
    struct stat info;
    uint64_t size;

    if (fstat(pending->fd, &info) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", pending->path);
    size = (uint64_t)info.st_size;
    for (size_t i = 0; i < OT_COUNT(tails); i++) {
        bool is_all = size <= tails[i];

        if (read_end(pending, is_all ? size : tails[i], size, chain, line_ends, err) < 0)
            return -1;
        if (is_all || chain->count > 0)
            return 0;
    }
    return ot_fail(err, OT_FAILED, "%s: its last %llu bytes are no receipt", pending->path,
                   (unsigned long long)TAIL_MAX);
}

/* A file that is new is in its folder only once that is on the disk, too. */
static int flush(const struct ot_pending_receipt *pending, bool is_new, struct ot_error *err)
{
    OT_AUTOFREE char *name = NULL;
    OT_AUTOCLOSE int folder = -1;

    if (fsync(pending->fd) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", pending->path);
    if (!is_new)
        return 0;
    if (ot_open_parent(pending->path, &folder, &name, err) < 0)
        return -1;
    return fsync(folder) == 0 ? 0 : ot_fail_errno(err, OT_FAILED, "%s: its folder", pending->path);
}

/* A line without its newline. */
static int write_line(const struct ot_pending_receipt *pending, const struct ot_buf *line,
                      bool line_ends, bool is_new, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};

    if (!line_ends)
        ot_buf_putc(&text, '\n');
    ot_buf_append(&text, line->data, line->len);
    ot_buf_putc(&text, '\n');
    if (ot_write_all(pending->fd, text.data, text.len, pending->path, err) < 0)
        return -1;
    return flush(pending, is_new, err);
}

/* Appends the boot's own receipt, or with `answer` that. */
static int append(struct ot_pending_receipt *pending, struct ot_answer_receipt *answer,
                  struct ot_buf *told, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf line = {0};
    struct ot_receipt_chain chain;
    bool line_ends = true;

    if (find_end(pending, &chain, &line_ends, err) < 0)
        return -1;
    if (chain.torn > 0)
        ot_buf_printf(told, "%s%s: its last receipt is torn: who wrote it was cut off",
                      told->len > 0 ? "; " : "", pending->path);
    if (answer != NULL) {
        ot_receipt_follow(&chain, &answer->link);
        answer->time = (uint64_t)time(NULL);
        ot_answer_receipt_write(answer, &line);
    } else {
        ot_receipt_follow(&chain, &pending->receipt.link);
        pending->receipt.time = (uint64_t)time(NULL);
        ot_receipt_write(&pending->receipt, &line);
        ot_sha256_hex(ot_buf_span(&line), pending->boot_sha256);
    }
    return write_line(pending, &line, line_ends, chain.count == 0, err);
}

static int append_locked(struct ot_pending_receipt *pending, struct ot_answer_receipt *answer,
                         struct ot_buf *told, struct ot_error *err)
{
    int done;

    if (ot_lock(pending->fd, ot_now_ms() + LOCK_WAIT_MS, pending->path, err) < 0)
        return -1;
    done = append(pending, answer, told, err);
    (void)flock(pending->fd, LOCK_UN);
    return done;
}

int ot_pending_receipt_append(struct ot_pending_receipt *pending, struct ot_buf *told,
                              struct ot_error *err)
{
    int done = append_locked(pending, NULL, told, err);

    pending->booted_ms = ot_now_ms();
    return done;
}

int ot_pending_receipt_append_answer(struct ot_pending_receipt *pending,
                                     struct ot_answer_receipt *answer, int64_t at_ms,
                                     struct ot_buf *told, struct ot_error *err)
{
    memcpy(answer->boot_sha256, pending->boot_sha256, sizeof(answer->boot_sha256));
    answer->after_ms = at_ms > pending->booted_ms ? (uint64_t)(at_ms - pending->booted_ms) : 0;
    return append_locked(pending, answer, told, err);
}
