#include "cli/cli.h"
#include "cli/output.h"

#include "base/file.h"
#include "base/text.h"
#include "verify/receipt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct values {
    const char *head;
    bool json;
};

static const struct ot_option options[] = {
    {.name = "head",
     .value = "SHA256",
     .help = "the digest of a receipt that was seen before: it must still be there",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, head)},
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "receipts verify",
    .operands = "FILE",
    .summary = "check the chain of boot receipts",
    .description =
        "Checks the file that --receipts of onetube serve and onetube-serve append to: one line of "
        "JSON for each boot, with the digests of what was booted, under which policy, with which "
        "engine and by whose keys, and one for the first answer that each function gave a gateway "
        "after that (onetube-serve writes none: that it is ready is its answer), each with the "
        "SHA-256 of the line before it (without its newline). A line that was changed, taken out "
        "or put in breaks the chain. Lines that are "
        "missing at the end are found with --head, the digest of the last receipt as it was "
        "printed or sent elsewhere before. A line that was cut off while it was written is told, "
        "and no error.\n\n"
        "Nothing in the file is signed: who may write to it can write all of it anew, but for the "
        "digests that others keep. The exit status is 3 if the chain is broken.",
    .example = "  onetube receipts verify /var/lib/shop.receipts --head 1f3c...",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

struct check {
    struct ot_receipt_chain chain;
    const char *head;
    bool saw_head;
};

static int check_lines(struct ot_span text, struct check *check, struct ot_error *err)
{
    check->saw_head = check->head == NULL;
    while (text.len > 0) {
        const char *newline = memchr(text.data, '\n', text.len);
        size_t len = newline != NULL ? (size_t)(newline - text.data) : text.len;
        size_t taken = newline != NULL ? len + 1 : len;

        if (ot_receipt_chain_take(&check->chain, (struct ot_span){text.data, len}, false, err) < 0)
            return -1;
        check->saw_head = check->saw_head || strcmp(check->chain.head, check->head) == 0;
        text = (struct ot_span){text.data + taken, text.len - taken};
    }
    if (!check->saw_head)
        return ot_refuse(err, OT_E_RECEIPT, "the receipt %s is missing: lines were taken out",
                         check->head);
    return 0;
}

static void print_text(const char *file, const struct check *check)
{
    const struct ot_receipt_chain *chain = &check->chain;
    uint64_t boots = chain->count - chain->answers;

    ot_out_text(stdout, file);
    printf(": %s%s%s, %" PRIu64 " receipt%s", ot_out_style(stdout, OT_STYLE_GREEN), "intact",
           ot_out_style(stdout, OT_STYLE_PLAIN), boots, boots == 1 ? "" : "s");
    if (chain->answers > 0)
        printf(", %" PRIu64 " first answer%s", chain->answers, chain->answers == 1 ? "" : "s");
    printf("\n");
    printf("head %s\n", chain->head);
    if (chain->torn_before > 0)
        printf("%" PRIu64 " torn before a later receipt, which tells of it\n", chain->torn_before);
    if (chain->torn > 0)
        printf("the last one is torn: who wrote it was cut off\n");
}

static void print_json(const char *file, const struct check *check, const struct ot_error *broken)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_out_json_text(&writer, "file", file);
    ot_jw_string(&writer, "verdict", broken == NULL ? "intact" : "broken");
    if (broken != NULL) {
        ot_jw_string(&writer, "code", broken->code);
        ot_out_json_text(&writer, "message", broken->message);
    }
    ot_jw_uint(&writer, "receipts", check->chain.count - check->chain.answers);
    ot_jw_uint(&writer, "answers", check->chain.answers);
    ot_jw_string(&writer, "head", check->chain.head);
    ot_jw_uint(&writer, "tornBefore", check->chain.torn_before);
    ot_jw_bool(&writer, "tornLast", check->chain.torn > 0);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    const char *file = parsed->operands[0];
    struct check check = {.head = values->head};
    OT_AUTOBUF struct ot_buf text = {0};
    int done;

    if (values->head != NULL && !ot_is_sha256(ot_span_of(values->head)))
        return ot_fail(err, OT_USAGE, "--head is not 64 lower-case hexadecimal digits");
    if (ot_read_file(file, OT_RECEIPTS_MAX, &text, err) < 0)
        return -1;
    ot_receipt_chain_begin(&check.chain);
    done = check_lines(ot_buf_span(&text), &check, err);
    ot_receipt_chain_end(&check.chain);
    if (values->json)
        print_json(file, &check, done < 0 ? err : NULL);
    else if (done == 0)
        print_text(file, &check);
    return done < 0 ? ot_error_prefix(err, "%s", file) : 0;
}

const struct ot_cli_command ot_cli_receipts_verify = {
    .command = &command, .group = "Check", .run = run};
