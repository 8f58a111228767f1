/* `onetube sign --signature`: a signature made elsewhere has one base64 spelling. */
#include "tests/unit/payload_maker.h"
#include "tests/unit/unit.h"

#include "base/base64.h"
#include "cli/cli.h"

static char *file;

static int sign(char *signature)
{
    char key_id[OT_SHA256_HEX];
    char *argv[] = {(char[]){"onetube"},     (char[]){"sign"}, file, (char[]){"--keyid"}, key_id,
                    (char[]){"--signature"}, signature};

    memset(key_id, 'a', OT_SHA256_HEX - 1);
    key_id[OT_SHA256_HEX - 1] = '\0';
    return ot_cli_main((int)OT_COUNT(argv), argv);
}

static void one_spelling(void **state)
{
    const struct maker_file function = {"hello", {"export default 1;", 17}};
    const struct maker maker = {.functions = &function, .function_count = 1};
    char *dir = unit_make_dir();
    OT_AUTOBUF struct ot_buf payload = {0};
    uint8_t bytes[OT_SIGNATURE_SIZE];
    char text[OT_BASE64_LENGTH(OT_SIGNATURE_SIZE) + 1];
    struct ot_error err = {0};

    (void)state;
    file = ot_asprintf("%s/fw.1tube", dir);
    maker_payload(&maker, &payload);
    assert_succeeds(unit_write_file(file, ot_buf_span(&payload), 0644, false, &err), err);
    memset(bytes, 0xff, sizeof(bytes));
    ot_base64_write(text, bytes, sizeof(bytes));
    text[7] = (char)0x80; /* libsodium takes it for "/" */
    assert_int_equal(sign(text), OT_USAGE);
    text[7] = '/';
    assert_int_equal(sign(text), 0);
    free(file);
    unit_remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_spelling)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
