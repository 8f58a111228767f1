#include "tests/unit/unit.h"

#include "base/net_pattern.h"
#include "base/text.h"

#include <string.h>

static void reads_patterns(void **state)
{
    static const struct {
        const char *text;
        enum ot_net_kind kind;
        const char *name; /* or the address in hexadecimal */
        unsigned bits, port;
    } cases[] = {
        {"*", OT_NET_ANY, "", 0, 0},
        {"example.com", OT_NET_NAME, "example.com", 0, 0},
        {"example.com:443", OT_NET_NAME, "example.com", 0, 443},
        {"A_b-1.C:65535", OT_NET_NAME, "A_b-1.C", 0, 65535},
        {"1.example", OT_NET_NAME, "1.example", 0, 0},
        {"0xg", OT_NET_NAME, "0xg", 0, 0},
        {"*.example.com", OT_NET_BELOW, "example.com", 0, 0},
        {"*.com:80", OT_NET_BELOW, "com", 0, 80},
        {"127.0.0.1", OT_NET_RANGE, "00000000000000000000ffff7f000001", 128, 0},
        {"127.0.0.1:80", OT_NET_RANGE, "00000000000000000000ffff7f000001", 128, 80},
        {"[::1]", OT_NET_RANGE, "00000000000000000000000000000001", 128, 0},
        {"[2001:DB8::1]:5432", OT_NET_RANGE, "20010db8000000000000000000000001", 128, 5432},
        {"10.0.0.0/8", OT_NET_RANGE, "00000000000000000000ffff0a000000", 104, 0},
        {"0.0.0.0/0", OT_NET_RANGE, "00000000000000000000ffff00000000", 96, 0},
        {"10.1.2.3/32", OT_NET_RANGE, "00000000000000000000ffff0a010203", 128, 0},
        {"fd00::/8", OT_NET_RANGE, "fd000000000000000000000000000000", 8, 0},
        {"::/0", OT_NET_RANGE, "00000000000000000000000000000000", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_net_pattern got;
        char hex[33];

        assert_true(ot_net_pattern_parse(ot_span_of(cases[i].text), &got));
        assert_int_equal(got.kind, cases[i].kind);
        assert_int_equal(got.port, cases[i].port);
        assert_int_equal(got.bits, cases[i].bits);
        ot_hex(hex, got.address, sizeof(got.address));
        if (got.kind == OT_NET_RANGE)
            assert_string_equal(hex, cases[i].name);
        else
            assert_true(ot_span_is(got.name, cases[i].name));
    }
}

static void refuses_all_else(void **state)
{
    static const char *const cases[] = {
        "",           " ",           "**",           "*:80",         "*.",
        "*.*.a",      "a.*",         "a*.b",         "https://a",    "a/b",
        "a..b",       ".a",          "a.",           "a:",           ":80",
        "a:0",        "a:65536",     "a:080",        "a:+1",         "a:80:80",
        "a b",        "a\n",         "a@b",          "a,b",          "\xc3\xa9.fr",
        "::1",        "[::1",        "::1]",         "[]",           "[a]",
        "[1.2.3.4]",  "[::1]x",      "[::1%lo]",     "127.1",        "2130706433",
        "0x7f.0.0.1", "1.2.3.4.5",   "a.0x1",        "a.1",          "256.0.0.1",
        "01.2.3.4",   "*.1.2.3.4",   "10.0.0.0/33",  "10.0.0.1/8",   "10.0.0.0/",
        "/8",         "10.0.0.0/08", "10.0.0.0/8:1", "[fd00::]/8",   "fd00::/129",
        "fd00::1/64", "a.example/8", "10/8",         "10.0.0.0/8/8", "unix:/tmp/x",
    };
    struct ot_net_pattern got;
    char label[65];

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        if (ot_net_pattern_parse(ot_span_of(cases[i]), &got))
            fail_msg("accepted: \"%s\"", cases[i]);
    }
    assert_false(ot_net_pattern_parse((struct ot_span){"a\0b", 3}, &got));
    assert_false(ot_net_pattern_parse((struct ot_span){"::\0/8", 5}, &got));
    memset(label, 'a', sizeof(label));
    assert_true(ot_net_pattern_parse((struct ot_span){label, 63}, &got));
    assert_false(ot_net_pattern_parse((struct ot_span){label, 64}, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_patterns),
        cmocka_unit_test(refuses_all_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
