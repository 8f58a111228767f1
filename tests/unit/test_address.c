/* Network addresses, ranges of them, and which address a request came from. */
#include "tests/unit/unit.h"

#include "gateway/address.h"
#include "tests/unit/headers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static struct ot_address address(const char *text)
{
    struct ot_address out;

    if (!ot_address_parse(ot_span_of(text), &out))
        fail_msg("%s is no address", text);
    return out;
}

static void texts(void **state)
{
    static const struct {
        const char *text, *shown; /* NULL: the same; "": refused */
    } cases[] = {
        {"192.0.2.1", NULL},
        {"0.0.0.0", NULL},
        {"255.255.255.255", NULL},
        {"10.20.100.9", NULL},
        {"2001:db8::1", NULL},
        {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::", NULL},
        {"::1", NULL},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::ffff:c000:201", "192.0.2.1"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"", ""},
        {"1", ""},
        {"1.2.3", ""},
        {"1.2.3.4.5", ""},
        {"1.2.3.256", ""},
        {"01.2.3.4", ""},
        {"0x1.2.3.4", ""},
        {"1.2.3.4 ", ""},
        {" 1.2.3.4", ""},
        {"1.2.3.4:80", ""},
        {"[::1]", ""},
        {"fe80::1%eth0", ""},
        {"1:2:3:4:5:6:7:8:9", ""},
        {"::1::", ""},
        {"localhost", ""},
        {"unknown", ""},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555", ""},
    };
    struct ot_address out;
    char shown[OT_ADDRESS_TEXT];

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        const char *expected = cases[i].shown != NULL ? cases[i].shown : cases[i].text;

        if (ot_address_parse(ot_span_of(cases[i].text), &out) != (expected[0] != '\0'))
            fail_msg("%s", cases[i].text);
        if (expected[0] == '\0')
            continue;
        ot_address_text(&out, shown);
        assert_string_equal(shown, expected);
    }
    assert_false(ot_address_parse((struct ot_span){"1.2.3.4\0x", 9}, &out));
    assert_true(ot_address_parse((struct ot_span){"1.2.3.45", 7}, &out));
    ot_address_text(&out, shown);
    assert_string_equal(shown, "1.2.3.4");
}

/* As inet_ntop prints them, all numbers in all places. */
static void ipv4_texts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        struct in_addr ipv4 = {htonl(i << 24 | (255 - i) << 16 | (i * 7 % 256) << 8 | i)};
        struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = ipv4};
        struct ot_address out;
        char expected[OT_ADDRESS_TEXT], shown[OT_ADDRESS_TEXT];

        inet_ntop(AF_INET, &ipv4, expected, sizeof(expected));
        ot_address_of((const struct sockaddr *)&from, &out);
        ot_address_text(&out, shown);
        assert_string_equal(shown, expected);
        assert_true(ot_address_is_ipv4(&out));
    }
}

static void of_sockets(void **state)
{
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = 1, .sin6_scope_id = 2};
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/x"};
    struct ot_address out, expected = address("2001:db8::7");

    (void)state;
    memcpy(&ipv6.sin6_addr, expected.bytes, 16);
    ot_address_of((const struct sockaddr *)&ipv6, &out);
    assert_memory_equal(&out, &expected, sizeof(out));
    assert_false(ot_address_is_ipv4(&out));
    expected = address("::");
    ot_address_of((const struct sockaddr *)&un, &out);
    assert_memory_equal(&out, &expected, sizeof(out));
}

static void ranges(void **state)
{
    static const struct {
        const char *range;
        const char *inside[8], *outside[8];
    } cases[] = {
        {"10.0.0.0/8",
         {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"},
         {"9.255.255.255", "11.0.0.0", "::", "::a00:1", "a00::"}},
        {"192.0.2.128/25", {"192.0.2.128", "192.0.2.255"}, {"192.0.2.127", "192.0.3.128"}},
        {"192.0.2.1", {"192.0.2.1"}, {"192.0.2.0", "192.0.2.2"}},
        {"192.0.2.1/32", {"192.0.2.1"}, {"192.0.2.0"}},
        {"0.0.0.0/0", {"0.0.0.0", "255.255.255.255"}, {"::", "::1", "2001:db8::1"}},
        {"::/0", {"::1", "2001:db8::1", "ffff::"}, {"1.2.3.4", "0.0.0.0", "::"}},
        {"2001:db8::/32", {"2001:db8:ffff::1"}, {"2001:db9::", "2001:db7:ffff::"}},
        {"2001:db8::/33", {"2001:db8:7fff::"}, {"2001:db8:8000::"}},
        {"2001:db8::1", {"2001:db8::1"}, {"2001:db8::"}},
        {"::ffff:10.0.0.0/104", {"10.9.9.9"}, {"11.0.0.0"}},
        {"loopback", {"127.0.0.1", "127.255.0.1", "::1"}, {"128.0.0.1", "::2", "::"}},
        {"private",
         {"10.1.1.1", "172.16.0.1", "172.31.255.255", "192.168.9.9", "169.254.1.1", "fd00::1",
          "fe80::1"},
         {"172.32.0.0", "172.15.255.255", "127.0.0.1", "192.169.0.0", "fec0::1", "fe00::", "::1"}},
        {"unix", {"::"}, {"::1", "0.0.0.0"}},
    };
    struct ot_error err = {0};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_ranges list = {0};

        assert_succeeds(ot_ranges_add(&list, ot_span_of(cases[i].range), &err), err);
        for (size_t k = 0; k < 8 && cases[i].inside[k] != NULL; k++) {
            struct ot_address inside = address(cases[i].inside[k]);

            if (!ot_ranges_have(&list, &inside))
                fail_msg("%s is not in %s", cases[i].inside[k], cases[i].range);
        }
        for (size_t k = 0; k < 8 && cases[i].outside[k] != NULL; k++) {
            struct ot_address outside = address(cases[i].outside[k]);

            if (ot_ranges_have(&list, &outside))
                fail_msg("%s is in %s", cases[i].outside[k], cases[i].range);
        }
        ot_ranges_free(&list);
        assert_int_equal(list.count, 0);
    }
}

static void refused_ranges(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"10.0.0.1/8", "has bits set behind its mask"},
        {"2001:db8::1/64", "has bits set behind its mask"},
        {"192.0.2.129/25", "has bits set behind its mask"},
        {"10.0.0.0/33", "is no address or range"},
        {"2001:db8::/129", "is no address or range"},
        {"10.0.0.0/", "is no address or range"},
        {"10.0.0.0/08", "is no address or range"},
        {"10.0.0.0/-1", "is no address or range"},
        {"10.0.0.0/8/8", "is no address or range"},
        {"10/8", "is no address or range"},
        {"/8", "is no address or range"},
        {"", "is no address or range"},
        {"Loopback", "is no address or range"},
        {"proxy.example", "is no address or range"},
        {"a\nb", "\"a?b\" is no address or range"},
    };
    struct ot_ranges list = {0};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_error err = {0};

        assert_int_equal(ot_ranges_add(&list, ot_span_of(cases[i].text), &err), -1);
        assert_int_equal(err.kind, OT_USAGE);
        if (strstr(err.message, cases[i].message) == NULL)
            fail_msg("%s: %s", cases[i].text, err.message);
    }
    assert_int_equal(list.count, 0);
}

#define XFF "X-Forwarded-For"

/* Trusted are 10.0.0.0/8, fd00::/8 and Unix sockets. */
static void origins(void **state)
{
    static const struct {
        const char *peer;
        const char *headers[9];
        const char *client;
        bool through_proxy;
    } cases[] = {
        {"192.0.2.1", {NULL}, "192.0.2.1", false},
        {"192.0.2.1", {XFF, "203.0.113.9", "X-Real-IP", "203.0.113.8"}, "192.0.2.1", false},
        {"10.0.0.1", {NULL}, "10.0.0.1", true},
        {"10.0.0.1", {XFF, "203.0.113.9"}, "203.0.113.9", true},
        {"fd00::1", {"x-forwarded-for", "2001:db8::9"}, "2001:db8::9", true},
        {"::", {XFF, "203.0.113.9"}, "203.0.113.9", true},
        /* what the client itself sent stands on the left */
        {"10.0.0.1", {XFF, "1.1.1.1, 203.0.113.9"}, "203.0.113.9", true},
        {"10.0.0.1", {XFF, "10.9.9.9, 203.0.113.9"}, "203.0.113.9", true},
        {"10.0.0.1", {XFF, "1.1.1.1,203.0.113.9 ,\t10.0.0.2"}, "203.0.113.9", true},
        {"10.0.0.1", {XFF, "10.0.0.4, 10.0.0.3, 10.0.0.2"}, "10.0.0.4", true},
        /* several fields are one list */
        {"10.0.0.1",
         {XFF, "1.1.1.1", "A", "b", XFF, "203.0.113.9", XFF, "10.0.0.2"},
         "203.0.113.9",
         true},
        {"10.0.0.1", {XFF, "203.0.113.9", XFF, "10.0.0.3, 10.0.0.2"}, "203.0.113.9", true},
        /* what is no address ends the walk */
        {"10.0.0.1", {XFF, "unknown"}, "10.0.0.1", true},
        {"10.0.0.1", {XFF, "203.0.113.9, unknown, 10.0.0.2"}, "10.0.0.2", true},
        {"10.0.0.1", {XFF, "203.0.113.9, 1.2.3, 10.0.0.2"}, "10.0.0.2", true},
        {"10.0.0.1", {XFF, "203.0.113.9, ::, 10.0.0.2"}, "10.0.0.2", true},
        {"10.0.0.1", {XFF, "203.0.113.9, \"10.0.0.3\""}, "10.0.0.1", true},
        /* empty elements mean nothing */
        {"10.0.0.1", {XFF, ""}, "10.0.0.1", true},
        {"10.0.0.1", {XFF, "", "X-Real-IP", "203.0.113.9"}, "10.0.0.1", true},
        {"10.0.0.1", {XFF, "203.0.113.9, , ,", XFF, ""}, "203.0.113.9", true},
        /* ports */
        {"10.0.0.1", {XFF, "1.1.1.1, 203.0.113.9:4711"}, "203.0.113.9", true},
        {"10.0.0.1", {XFF, "[2001:db8::9]:4711"}, "2001:db8::9", true},
        {"10.0.0.1", {XFF, "[2001:db8::9]"}, "2001:db8::9", true},
        {"10.0.0.1", {XFF, "203.0.113.9:65536"}, "10.0.0.1", true},
        {"10.0.0.1", {XFF, "203.0.113.9:"}, "10.0.0.1", true},
        {"10.0.0.1", {XFF, "[2001:db8::9]x"}, "10.0.0.1", true},
        {"10.0.0.1", {XFF, "[2001:db8::9"}, "10.0.0.1", true},
        {"10.0.0.1", {XFF, "[203.0.113.9]"}, "10.0.0.1", true},
        {"10.0.0.1", {XFF, "[]"}, "10.0.0.1", true},
        {"10.0.0.1", {XFF, "::ffff:203.0.113.9"}, "203.0.113.9", true},
        /* the other field */
        {"10.0.0.1", {"X-Real-IP", "203.0.113.9"}, "203.0.113.9", true},
        {"10.0.0.1", {"X-Real-IP", "1.1.1.1", "X-Real-IP", "203.0.113.9"}, "203.0.113.9", true},
        {"10.0.0.1", {"X-Real-IP", "1.1.1.1", XFF, "203.0.113.9"}, "203.0.113.9", true},
    };
    struct ot_ranges trusted = {0};
    struct ot_error err = {0};

    (void)state;
    assert_succeeds(ot_ranges_add(&trusted, OT_SPAN("10.0.0.0/8"), &err), err);
    assert_succeeds(ot_ranges_add(&trusted, OT_SPAN("fd00::/8"), &err), err);
    assert_succeeds(ot_ranges_add(&trusted, OT_SPAN("unix"), &err), err);
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_address peer = address(cases[i].peer);
        struct unit_headers headers;
        struct ot_origin origin;
        char shown[OT_ADDRESS_TEXT];

        unit_set_headers(&headers, cases[i].headers);
        ot_origin_find(&trusted, &peer, &headers.headers, &origin);
        ot_address_text(&origin.client, shown);
        if (strcmp(shown, cases[i].client) != 0 || origin.through_proxy != cases[i].through_proxy)
            fail_msg("case %zu (%s: %s): %s", i, cases[i].peer, cases[i].headers[1], shown);
    }
    ot_ranges_free(&trusted);
}

/* No more than 32 hops are looked at, however they are spread. */
static void many_hops(void **state)
{
    OT_AUTOBUF struct ot_buf value = {0};
    struct ot_ranges trusted = {0};
    struct ot_address peer = address("10.0.0.1");
    struct ot_error err = {0};
    struct unit_headers headers = {0};
    struct ot_origin origin;
    char shown[OT_ADDRESS_TEXT];

    (void)state;
    assert_succeeds(ot_ranges_add(&trusted, OT_SPAN("10.0.0.0/8"), &err), err);
    ot_buf_puts(&value, "203.0.113.9");
    for (int i = 100; i > 0; i--)
        ot_buf_printf(&value, ", 10.0.1.%d", i);
    unit_add_header(&headers, OT_SPAN(XFF), ot_buf_span(&value));
    ot_origin_find(&trusted, &peer, &headers.headers, &origin);
    ot_address_text(&origin.client, shown);
    assert_string_equal(shown, "10.0.1.32");
    ot_ranges_free(&trusted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),     cmocka_unit_test(ipv4_texts),     cmocka_unit_test(of_sockets),
        cmocka_unit_test(ranges),    cmocka_unit_test(refused_ranges), cmocka_unit_test(origins),
        cmocka_unit_test(many_hops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
