#include "verify/receipt.h"

#include "base/json_write.h"
#include "base/text.h"
#include "verify/field.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static const char none[OT_SHA256_HEX] =
    "0000000000000000000000000000000000000000000000000000000000000000";

void ot_receipt_free(struct ot_receipt *receipt)
{
    ot_list_free(&receipt->signers);
    ot_list_free(&receipt->functions);
}

/* -- writing ------------------------------------------------------------------------------------
 */

static void write_link(struct ot_json_writer *writer, const struct ot_receipt_link *link)
{
    if (link->torn_sha256[0] != '\0')
        ot_jw_string(writer, "tornSha256", link->torn_sha256);
    ot_jw_string(writer, "previousSha256", link->previous_sha256);
}

void ot_receipt_write(const struct ot_receipt *receipt, struct ot_buf *out)
{
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_uint(&writer, "receipt", 1);
    ot_jw_uint(&writer, "time", receipt->time);
    ot_jw_string(&writer, "program", receipt->program);
    if (receipt->has_release) {
        ot_jw_object(&writer, "release");
        ot_jw_string(&writer, "sha256", receipt->release_sha256);
        ot_jw_string(&writer, "name", receipt->name);
        ot_jw_string(&writer, "version", receipt->version);
        ot_jw_uint(&writer, "sequence", receipt->sequence);
        ot_jw_object_end(&writer);
    } else {
        ot_jw_null(&writer, "release");
    }
    ot_jw_string(&writer, "manifestSha256", receipt->manifest_sha256);
    ot_jw_list(&writer, "signers", &receipt->signers);
    ot_jw_string(&writer, "policySha256", receipt->policy_sha256);
    ot_jw_string(&writer, "engineSha256", receipt->engine_sha256);
    ot_jw_list(&writer, "functions", &receipt->functions);
    write_link(&writer, &receipt->link);
    ot_jw_object_end(&writer);
}

void ot_answer_receipt_write(const struct ot_answer_receipt *answer, struct ot_buf *out)
{
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_uint(&writer, "answer", 1);
    ot_jw_uint(&writer, "time", answer->time);
    ot_jw_string(&writer, "bootSha256", answer->boot_sha256);
    ot_jw_string(&writer, "function", answer->function);
    ot_jw_string(&writer, "bundleSha256", answer->bundle_sha256);
    ot_jw_uint(&writer, "status", answer->status);
    ot_jw_uint(&writer, "afterMs", answer->after_ms);
    write_link(&writer, &answer->link);
    ot_jw_object_end(&writer);
}

/* -- reading ------------------------------------------------------------------------------------
 */

static int read_text(struct ot_json *json, const char *key, bool (*valid)(struct ot_span),
                     char *out, size_t size, struct ot_error *err)
{
    struct ot_span text;

    if (ot_json_expect_key(json, key, err) < 0 || ot_json_string(json, &text, err) < 0)
        return -1;
    if (text.len >= size || !valid(text))
        return ot_json_fail(json, err, "%s is not valid", key);
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return 0;
}

static int read_release(struct ot_json *json, struct ot_receipt *receipt, struct ot_error *err)
{
    if (ot_json_expect_key(json, "release", err) < 0)
        return -1;
    if (ot_json_peek(json, err) != '{')
        return ot_json_skip(json, err); /* null: nothing else is written again alike */
    receipt->has_release = true;
    if (ot_json_object(json, err) < 0 ||
        ot_field_sha256(json, "sha256", receipt->release_sha256, err) < 0 ||
        read_text(json, "name", ot_is_statement_text, receipt->name, sizeof(receipt->name), err) <
            0 ||
        read_text(json, "version", ot_is_statement_text, receipt->version, sizeof(receipt->version),
                  err) < 0 ||
        ot_json_expect_key(json, "sequence", err) < 0 ||
        ot_json_uint(json, OT_SEQUENCE_MAX, &receipt->sequence, err) < 0)
        return -1;
    return ot_json_expect_end(json, err);
}

/* The last two: `tornSha256`, which may be missing, and `previousSha256`. */
static int read_link(struct ot_json *json, struct ot_receipt_link *link, struct ot_error *err)
{
    struct ot_span key, text;
    int more = ot_json_key(json, &key, err);
    bool is_torn = more > 0 && ot_span_is(key, "tornSha256");
    char *out = is_torn ? link->torn_sha256 : link->previous_sha256;

    if (more < 0)
        return -1;
    if (more == 0 || (!is_torn && !ot_span_is(key, "previousSha256")))
        return ot_json_fail(json, err, "expected \"previousSha256\"");
    if (ot_json_string(json, &text, err) < 0)
        return -1;
    if (!ot_is_sha256(text))
        return ot_json_fail(json, err, "not 64 lower-case hexadecimal digits");
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return is_torn ? ot_field_sha256(json, "previousSha256", link->previous_sha256, err) : 0;
}

static int read_receipt(struct ot_json *json, struct ot_receipt *receipt, struct ot_error *err)
{
    uint64_t schema;

    if (ot_json_object(json, err) < 0 || ot_json_expect_key(json, "receipt", err) < 0 ||
        ot_json_uint(json, 1, &schema, err) < 0 || ot_json_expect_key(json, "time", err) < 0 ||
        ot_json_uint(json, OT_SEQUENCE_MAX, &receipt->time, err) < 0 ||
        read_text(json, "program", ot_is_statement_text, receipt->program, sizeof(receipt->program),
                  err) < 0 ||
        read_release(json, receipt, err) < 0 ||
        ot_field_sha256(json, "manifestSha256", receipt->manifest_sha256, err) < 0 ||
        ot_field_list(json, "signers", ot_is_sha256, &receipt->signers, err) < 0 ||
        ot_field_sha256(json, "policySha256", receipt->policy_sha256, err) < 0 ||
        ot_field_sha256(json, "engineSha256", receipt->engine_sha256, err) < 0 ||
        ot_field_list(json, "functions", ot_is_name, &receipt->functions, err) < 0 ||
        read_link(json, &receipt->link, err) < 0 || ot_json_expect_end(json, err) < 0)
        return -1;
    return ot_json_finish(json, err);
}

/* There is one way to write what was read. */
static int check_spelling(struct ot_span line, const struct ot_buf *written, struct ot_error *err)
{
    return ot_span_equal(ot_buf_span(written), line)
               ? 0
               : ot_fail(err, OT_FAILED, "another spelling than the one that is written");
}

int ot_receipt_parse(struct ot_span line, struct ot_receipt *receipt, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_json json;
    int result;

    *receipt = (struct ot_receipt){0};
    if (line.len > OT_RECEIPT_MAX)
        return ot_fail(err, OT_FAILED, "longer than %u bytes", OT_RECEIPT_MAX);
    ot_json_begin(&json, line, 0);
    result = read_receipt(&json, receipt, err);
    ot_json_end(&json);
    if (result == 0) {
        ot_receipt_write(receipt, &again);
        result = check_spelling(line, &again, err);
    }
    if (result < 0)
        ot_receipt_free(receipt);
    return result;
}

static int read_answer(struct ot_json *json, struct ot_answer_receipt *answer, struct ot_error *err)
{
    uint64_t schema;

    if (ot_json_object(json, err) < 0 || ot_field_uint(json, "answer", 1, &schema, err) < 0 ||
        ot_field_uint(json, "time", OT_SEQUENCE_MAX, &answer->time, err) < 0 ||
        ot_field_sha256(json, "bootSha256", answer->boot_sha256, err) < 0 ||
        read_text(json, "function", ot_is_name, answer->function, sizeof(answer->function), err) <
            0 ||
        ot_field_sha256(json, "bundleSha256", answer->bundle_sha256, err) < 0 ||
        ot_field_uint(json, "status", 999, &answer->status, err) < 0 ||
        ot_field_uint(json, "afterMs", OT_SEQUENCE_MAX, &answer->after_ms, err) < 0 ||
        read_link(json, &answer->link, err) < 0 || ot_json_expect_end(json, err) < 0)
        return -1;
    if (answer->status < 200 && answer->status != 101)
        return ot_json_fail(json, err, "status is not one of an answer");
    return ot_json_finish(json, err);
}

int ot_answer_receipt_parse(struct ot_span line, struct ot_answer_receipt *answer,
                            struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_json json;
    int result;

    *answer = (struct ot_answer_receipt){0};
    if (line.len > OT_RECEIPT_MAX)
        return ot_fail(err, OT_FAILED, "longer than %u bytes", OT_RECEIPT_MAX);
    ot_json_begin(&json, line, 0);
    result = read_answer(&json, answer, err);
    ot_json_end(&json);
    if (result < 0)
        return -1;
    ot_answer_receipt_write(answer, &again);
    return check_spelling(line, &again, err);
}

/* -- the policy ---------------------------------------------------------------------------------
 */

static void add_keys(struct ot_list *lines, const char *word, const struct ot_public_key *keys,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        OT_AUTOFREE char *line = ot_asprintf("%s %s", word, keys[i].id);

        ot_list_add(lines, line);
    }
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void ot_receipt_policy(const struct ot_trust *trust, char out[OT_SHA256_HEX])
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOLIST struct ot_list lines = {0};

    add_keys(&lines, "key", trust->keys, trust->key_count);
    add_keys(&lines, "revoked", trust->revoked, trust->revoked_count);
    if (lines.count > 0)
        qsort(lines.items, lines.count, sizeof(*lines.items), compare_lines);
    ot_buf_printf(&text, "onetube-policy-v1\nthreshold %u\nmin-sequence %" PRIu64 "\n",
                  trust->threshold, trust->min_sequence);
    if (trust->engine_date != NULL)
        ot_buf_printf(&text, "engine-date %s\n", trust->engine_date);
    if (trust->growth_threshold > 0)
        ot_buf_printf(&text, "growth-threshold %u\n", trust->growth_threshold);
    if (trust->file != NULL)
        ot_buf_printf(&text, "trust-file %s\n", trust->file->sha256);
    if (trust->target != NULL)
        ot_buf_printf(&text, "target %s\n", trust->target);
    if (trust->allow_unsigned)
        ot_buf_puts(&text, "allow-unsigned\n");
    for (size_t i = 0; i < lines.count; i++)
        ot_buf_printf(&text, "%s\n", lines.items[i]);
    ot_sha256_hex(ot_buf_span(&text), out);
}

/* -- the chain ----------------------------------------------------------------------------------
 */

void ot_receipt_chain_begin(struct ot_receipt_chain *chain)
{
    *chain = (struct ot_receipt_chain){.line = 0};
    memcpy(chain->head, none, sizeof(none));
    ot_sha256_init(&chain->torn_hash);
}

void ot_receipt_chain_end(struct ot_receipt_chain *chain)
{
    tdestroy(OT_STEAL(chain->boots), free);
}

/* Digest of what stands behind the last receipt, "" if nothing does. */
static void torn_digest(const struct ot_receipt_chain *chain, char out[OT_SHA256_HEX])
{
    struct ot_sha256 hash = chain->torn_hash;
    uint8_t digest[OT_SHA256_SIZE];

    out[0] = '\0';
    if (chain->torn == 0)
        return;
    ot_sha256_final(&hash, digest);
    ot_hex(out, digest, sizeof(digest));
}

void ot_receipt_follow(const struct ot_receipt_chain *chain, struct ot_receipt_link *link)
{
    memcpy(link->previous_sha256, chain->head, sizeof(link->previous_sha256));
    torn_digest(chain, link->torn_sha256);
}

static int compare_digests(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A balanced tree: whoever chose the digests, and however many there are. */
static void keep_boot(struct ot_receipt_chain *chain)
{
    char *digest = ot_strdup(chain->head);
    char *const *kept = tsearch(digest, &chain->boots, compare_digests);

    if (kept == NULL)
        abort();
    if (*kept != digest)
        free(digest);
}

static int check_link(const struct ot_receipt_chain *chain, const struct ot_receipt_link *link,
                      struct ot_error *err)
{
    struct ot_receipt_link expected;

    ot_receipt_follow(chain, &expected);
    if (strcmp(link->previous_sha256, expected.previous_sha256) != 0)
        return ot_refuse(err, OT_E_RECEIPT,
                         "line %" PRIu64 ": follows the receipt %s, but the one before it is %s",
                         chain->line, link->previous_sha256, chain->head);
    if (strcmp(link->torn_sha256, expected.torn_sha256) != 0)
        return ot_refuse(err, OT_E_RECEIPT,
                         "line %" PRIu64 ": what stands before it is not what was left there",
                         chain->line);
    return 0;
}

static int check_boot(const struct ot_receipt_chain *chain, const struct ot_answer_receipt *answer,
                      struct ot_error *err)
{
    if (tfind(answer->boot_sha256, &chain->boots, compare_digests) != NULL)
        return 0;
    return ot_refuse(err, OT_E_RECEIPT,
                     "line %" PRIu64 ": answers after the boot %s, which is not before it",
                     chain->line, answer->boot_sha256);
}

/* `line` is the last receipt now, and nothing is behind it. */
static void follow(struct ot_receipt_chain *chain, struct ot_span line)
{
    chain->torn_before += chain->torn > 0;
    chain->torn = 0;
    chain->count++;
    ot_sha256_init(&chain->torn_hash);
    ot_sha256_hex(line, chain->head);
}

static int take_boot(struct ot_receipt_chain *chain, const struct ot_receipt *receipt,
                     struct ot_span line, bool anywhere, struct ot_error *err)
{
    if (!anywhere && check_link(chain, &receipt->link, err) < 0)
        return -1;
    follow(chain, line);
    if (!anywhere)
        keep_boot(chain);
    return 0;
}

static int take_answer(struct ot_receipt_chain *chain, const struct ot_answer_receipt *answer,
                       struct ot_span line, bool anywhere, struct ot_error *err)
{
    if (!anywhere &&
        (check_link(chain, &answer->link, err) < 0 || check_boot(chain, answer, err) < 0))
        return -1;
    follow(chain, line);
    chain->answers++;
    return 0;
}

int ot_receipt_chain_take(struct ot_receipt_chain *chain, struct ot_span line, bool anywhere,
                          struct ot_error *err)
{
    OT_AUTORECEIPT struct ot_receipt receipt = {0};
    struct ot_answer_receipt answer;
    struct ot_error ignored;

    chain->line++;
    if (ot_receipt_parse(line, &receipt, &ignored) == 0)
        return take_boot(chain, &receipt, line, anywhere, err);
    receipt = (struct ot_receipt){0};
    if (ot_answer_receipt_parse(line, &answer, &ignored) == 0)
        return take_answer(chain, &answer, line, anywhere, err);
    ot_sha256_update(&chain->torn_hash, line.data, line.len);
    ot_sha256_update(&chain->torn_hash, "\n", 1);
    chain->torn += line.len + 1;
    return 0;
}
