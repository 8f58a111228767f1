/* Receipts of first answers: one spelling, behind a boot of the same file. */
#include "tests/unit/unit.h"

#include "base/file.h"
#include "verify/receipt.h"

#include <string.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define BEGIN                                                                                      \
    "{\"answer\":1,\"time\":5,\"bootSha256\":\"" DIGEST "\",\"function\":\"hello\","               \
    "\"bundleSha256\":\"" DIGEST "\","
#define END "\"previousSha256\":\"" ZEROS "\"}"

static void read_and_written(void **state)
{
    const char *text = BEGIN "\"status\":404,\"afterMs\":7,\"tornSha256\":\"" DIGEST "\"," END;
    OT_AUTOBUF struct ot_buf again = {0};
    struct ot_answer_receipt answer;
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(ot_answer_receipt_parse(ot_span_of(text), &answer, &err), err);
    assert_int_equal(answer.time, 5);
    assert_int_equal(answer.status, 404);
    assert_int_equal(answer.after_ms, 7);
    assert_string_equal(answer.function, "hello");
    assert_string_equal(answer.boot_sha256, DIGEST);
    assert_string_equal(answer.bundle_sha256, DIGEST);
    assert_string_equal(answer.link.torn_sha256, DIGEST);
    assert_string_equal(answer.link.previous_sha256, ZEROS);
    ot_answer_receipt_write(&answer, &again);
    assert_true(ot_span_equal(ot_buf_span(&again), ot_span_of(text)));
}

static void refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        BEGIN "\"status\":100,\"afterMs\":7," END,
        BEGIN "\"status\":1000,\"afterMs\":7," END,
        BEGIN "\"status\":200,\"afterMs\":-1," END,
        BEGIN "\"status\":200,\"afterMs\":07," END,
        BEGIN "\"status\":200, \"afterMs\":7," END,
        BEGIN "\"afterMs\":7,\"status\":200," END,
        BEGIN "\"status\":200,\"afterMs\":7,\"more\":1," END,
        BEGIN "\"status\":200,\"afterMs\":7," END "x",
    };
    struct ot_answer_receipt answer;

    (void)state;
    for (size_t i = 0; i < OT_COUNT(texts); i++) {
        struct ot_error err = {0};

        if (ot_answer_receipt_parse(ot_span_of(texts[i]), &answer, &err) == 0)
            fail_msg("accepted: %s", texts[i]);
        assert_int_equal(err.kind, OT_FAILED);
    }
}

static int take(struct ot_receipt_chain *chain, const char *boot, struct ot_error *err)
{
    struct ot_answer_receipt answer = {.function = "hello", .bundle_sha256 = DIGEST, .status = 200};
    OT_AUTOBUF struct ot_buf line = {0};

    memcpy(answer.boot_sha256, boot, sizeof(answer.boot_sha256));
    ot_receipt_follow(chain, &answer.link);
    ot_answer_receipt_write(&answer, &line);
    return ot_receipt_chain_take(chain, ot_buf_span(&line), false, err);
}

static void boot(struct ot_receipt_chain *chain)
{
    OT_AUTORECEIPT struct ot_receipt receipt = {.program = "onetube"};
    OT_AUTOBUF struct ot_buf line = {0};
    struct ot_error err = {0};

    memcpy(receipt.manifest_sha256, DIGEST, sizeof(DIGEST));
    memcpy(receipt.policy_sha256, DIGEST, sizeof(DIGEST));
    memcpy(receipt.engine_sha256, DIGEST, sizeof(DIGEST));
    ot_receipt_follow(chain, &receipt.link);
    ot_receipt_write(&receipt, &line);
    assert_succeeds(ot_receipt_chain_take(chain, ot_buf_span(&line), false, &err), err);
}

static void belongs_to_a_boot_before(void **state)
{
    char first[OT_SHA256_HEX], second[OT_SHA256_HEX], answer[OT_SHA256_HEX];
    struct ot_receipt_chain chain;
    struct ot_error err = {0};

    (void)state;
    ot_receipt_chain_begin(&chain);
    assert_int_equal(take(&chain, DIGEST, &err), -1);
    assert_string_equal(err.code, OT_E_RECEIPT);
    boot(&chain);
    memcpy(first, chain.head, sizeof(first));
    boot(&chain);
    memcpy(second, chain.head, sizeof(second));
    assert_succeeds(take(&chain, second, &err), err);
    memcpy(answer, chain.head, sizeof(answer));
    assert_succeeds(take(&chain, first, &err), err);
    assert_int_equal(chain.count, 4);
    assert_int_equal(chain.answers, 2);
    assert_int_equal(take(&chain, answer, &err), -1);
    ot_receipt_chain_end(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_and_written),
        cmocka_unit_test(refused),
        cmocka_unit_test(belongs_to_a_boot_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
