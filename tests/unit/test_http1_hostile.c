/* Malformed and smuggling requests, each with its exact outcome, however its bytes are cut. */
#include "tests/unit/unit.h"

#include "tests/unit/http1_transcript.h"

#include <string.h>

#define HOST "Host: a\r\n"
#define END "\r\n"
#define NEXT "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define T16 "0123456789abcdef"
#define T128 T16 T16 T16 T16 T16 T16 T16 T16
#define BAD "bad_request"

/* The bytes of a literal, which may hold NUL. */
#define BYTES(text) (text), sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t length;
    const char *outcome;
} cases[] = {
    /* what is well-formed */
    {BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET /;"},
    {BYTES("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET /;"},
    {BYTES("GET / HTTP/1.1\r\nhOsT:a:80\t \r\n\r\n"), "GET /;"},
    {BYTES("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), "GET /;"},
    {BYTES(NEXT NEXT), "GET /next;GET /next;"},
    {BYTES(POST "Content-Length: 5\r\n\r\nhello" NEXT), "POST / hello;GET /next;"},
    {BYTES(POST "Content-Length: 0\r\n\r\n" NEXT), "POST /;GET /next;"},
    {BYTES(CHUNKED "5\r\nhello\r\n0\r\n\r\n" NEXT), "POST / hello;GET /next;"},
    {BYTES(CHUNKED "5;a=b;c=\"d\"\r\nhello\r\n00\r\nX-Trailer: 1\r\n\r\n" NEXT),
     "POST / hello;GET /next;"},
    {BYTES(CHUNKED "000000000000000A\r\n0123456789\r\n0\r\n\r\n"), "POST / 0123456789;"},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X:\r\n" END), "GET /;"},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X: caf\xc3\xa9 \xff\r\n" END), "GET /;"},
    {BYTES("GET / HTTP/1.1\r\n" HOST "Connection: Keep-Alive, Close\r\n" END), "GET / closes;"},
    {BYTES("GET / HTTP/1.0\r\n\r\n"), "GET / closes;"},
    {BYTES("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"), "GET / closes;"},
    {BYTES("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "OPTIONS *;"},
    {BYTES("GET / HTTP/1.1\r\nHost: a\r\n"), "..."},
    {BYTES("GET"), "..."},
    {BYTES(""), ""},
    {BYTES(POST "Content-Length: 5\r\n\r\nhell"), "POST / hell..."},
    {BYTES(CHUNKED "5\r\nhou"), "POST / hou..."},
    {BYTES(CHUNKED "5\r\nhello\r\n0\r\n"), "POST / hello..."},

    /* line ends: bare CR and LF (CVE-2022-35256, CVE-2023-30589), obs-fold (CVE-2022-32215) */
    {BYTES("GET / HTTP/1.1\nHost: a\n\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a\r\n\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\rHost: a\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"), BAD},
    {BYTES(POST "X: \rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},

    /* names and values (CVE-2021-22959, CVE-2024-27982) */
    {BYTES("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), BAD},
    {BYTES(POST "Content-Length : 5\r\n\r\nhello"), BAD},
    {BYTES(POST " Content-Length: 5\r\n\r\nhello"), BAD},
    {BYTES(POST "Content-Length\t: 5\r\n\r\nhello"), BAD},
    {BYTES(POST "\0Content-Length: 5\r\n\r\nhello"), BAD},
    {BYTES("GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X(y): z\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X\xc3\xa9: z\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X: a\x01\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X: a\x7f\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X: a\x0b\r\n\r\n"), BAD},

    /* framing: both, several, or anything that is not exactly it (CVE-2022-32213) */
    {BYTES(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), BAD},
    {BYTES(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"), BAD},
    {BYTES(POST "Content-Length: 5, 5\r\n\r\nhello"), BAD},
    {BYTES(POST "Content-Length: +5\r\n\r\nhello"), BAD},
    {BYTES(POST "Content-Length: -5\r\n\r\nhello"), BAD},
    {BYTES(POST "Content-Length: 0x5\r\n\r\nhello"), BAD},
    {BYTES(POST "Content-Length: 5 5\r\n\r\nhello"), BAD},
    {BYTES(POST "Content-Length: 5\x0c\r\n\r\nhello"), BAD},
    {BYTES(POST "Content-Length:\r\n\r\n"), BAD},
    {BYTES(POST "Content-Length: 18446744073709551621\r\n\r\nhello"), BAD},
    {BYTES(POST "Content-Length: 9007199254740992\r\n\r\nhello"), BAD},
    {BYTES("GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\n"),
     BAD},
    {BYTES(POST "Transfer-Encoding: identity\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"), BAD},
    {BYTES(POST "Transfer-Encoding:\r\n\r\n"), BAD},
    {BYTES(POST "Transfer_Encoding: chunked\r\n\r\n" NEXT), "POST /;GET /next;"},
    {BYTES(POST "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n"), "POST / ;"},
    {BYTES("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), BAD},

    /* chunks (CVE-2025-22871, CVE-2025-43859, CVE-2025-55315, CVE-2024-22019) */
    {BYTES(CHUNKED "5\nhello\r\n0\r\n\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "5\rhello\r\n0\r\n\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "5;\nx\r\nhello\r\n0\r\n\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "5;\rx\r\nhello\r\n0\r\n\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "5;\0\r\nhello\r\n0\r\n\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "5\r\nhelloXX0\r\n\r\n"), "POST / hello" BAD},
    {BYTES(CHUNKED "5\r\nhello\n0\r\n\r\n"), "POST / hello" BAD},
    {BYTES(CHUNKED "5\r\nhello\r0\r\n\r\n"), "POST / hello" BAD},
    {BYTES(CHUNKED "5\r\nhello!\r\n0\r\n\r\n"), "POST / hello" BAD},
    {BYTES(CHUNKED "5\r\nhello\r\n0\r\n\n"), "POST / hello" BAD},
    {BYTES(CHUNKED "\r\n0\r\n\r\n"), "POST / " BAD},
    {BYTES(CHUNKED ";x\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "-5\r\nhello\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "+5\r\nhello\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "0x5\r\nhello\r\n"), "POST / " BAD},
    {BYTES(CHUNKED " 5\r\nhello\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "5 \r\nhello\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "5 ;a\r\nhello\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "g\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "00000000000000005\r\nhello\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "fffffffffffffffff\r\nhello\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "ffffffffffffffff\r\nhello"), "POST / hello..."},
    {BYTES(CHUNKED "0\r\nContent-Length : 5\r\n\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "0\r\nX: y\n\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "0\r\nX: y\r\n z\r\n\r\n"), "POST / " BAD},
    {BYTES(CHUNKED "0\r\nGET / HTTP/1.1\r\n\r\n"), "POST / " BAD},

    /* Host */
    {BYTES("GET / HTTP/1.1\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost:\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a?b\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a#b\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a%2fb\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1\r\nHost: a\xe2\x81\x84\r\n\r\n"), BAD},

    /* targets (RFC 9112 section 3.2) */
    {BYTES("GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n"), "GET /x;"},
    {BYTES("GET HTTPS://A/x HTTP/1.1\r\nHost: a\r\n\r\n"), "GET /x;"},
    {BYTES("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"), "GET /;"},
    {BYTES("GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET http://a?x HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET x HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET ?x HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), "method_not_allowed"},
    {BYTES("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), "method_not_allowed"},

    /* start lines and versions */
    {BYTES("GET /\r\n"), BAD},
    {BYTES("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), BAD},
    {BYTES(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET / http/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/11\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.10\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET / ICE/1.0\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), "version_not_supported"},
    {BYTES("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), "version_not_supported"},
    {BYTES("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), "version_not_supported"},
    {BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "version_not_supported"},
    {BYTES("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), "not_implemented"},
    {BYTES("get / HTTP/1.1\r\nHost: a\r\n\r\n"), "not_implemented"},
    {BYTES("GET / HTTP/1.1\r\n" HOST "Connection: " T128 "\r\nX: y\r\n" END), "GET /;"},
    {BYTES("GET / HTTP/1.1\r\n" HOST "Connection: " T128 "\r\nX: y\r\nConnection: " T128
           "\r\n" END),
     "head_too_large"},
    {BYTES("M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n"), "not_implemented"},
    {BYTES("SOURCE / HTTP/1.1\r\nHost: a\r\n\r\n"), "not_implemented"},
    {BYTES("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"), "PROPFIND /;"},
    {BYTES(T16 T16 "0 / HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
    {BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc"), BAD},

    /* limits: a target of 64 bytes, 16 fields, a head of 512 bytes */
    {BYTES("GET /123456789abcdef" T16 T16 T16 " HTTP/1.1\r\nHost: a\r\n\r\n"),
     "GET /123456789abcdef" T16 T16 T16 ";"},
    {BYTES("GET /" T16 T16 T16 T16 " HTTP/1.1\r\nHost: a\r\n\r\n"), "target_too_long"},
    {BYTES("GET / HTTP/1.1\r\n" HOST "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n9:\r\na:\r\n"
           "b:\r\nc:\r\nd:\r\ne:\r\nf:\r\n\r\n"),
     "GET /;"},
    {BYTES("GET / HTTP/1.1\r\n" HOST "1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n9:\r\na:\r\n"
           "b:\r\nc:\r\nd:\r\ne:\r\nf:\r\ng:\r\n\r\n"),
     "head_too_large"},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X: " T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16
               T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 "\r\n\r\n"),
     "GET /;"},
    {BYTES("GET / HTTP/1.1\r\n" HOST "X: " T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16
               T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 T16 "\r\n\r\n"),
     "head_too_large"},

    /* Expect */
    {BYTES(POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"), "POST / hi;"},
    {BYTES(POST "Expect: 100-Continue, x\r\n\r\n"), "expectation_failed"},
    {BYTES(POST "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"), "expectation_failed"},
    {BYTES(POST "Expect: the best\r\n\r\n"), "expectation_failed"},

/* WebSocket handshakes: anything less is an ordinary request */
#define WEBSOCKET                                                                                  \
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    {BYTES("GET / HTTP/1.1\r\n" HOST WEBSOCKET KEY END), "GET / upgrades;"},
    {BYTES("GET / HTTP/1.1\r\n" HOST WEBSOCKET END), "GET /;"},
    {BYTES("GET / HTTP/1.1\r\n" HOST WEBSOCKET KEY KEY END), "GET /;"},
    {BYTES("GET / HTTP/1.1\r\n" HOST WEBSOCKET "Sec-WebSocket-Key: short==\r\n" END), "GET /;"},
    {BYTES("POST / HTTP/1.1\r\n" HOST WEBSOCKET KEY END), "POST /;"},
    {BYTES("GET / HTTP/1.0\r\n" HOST WEBSOCKET KEY END), "GET / closes;"},
    {BYTES("GET / HTTP/1.1\r\n" HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n" KEY END), "GET /;"},
};

static void check(size_t i, size_t cut, const char *text)
{
    if (strcmp(text, cases[i].outcome) != 0)
        fail_msg("case %zu, cut at %zu: \"%s\" instead of \"%s\"", i, cut, text, cases[i].outcome);
}

static void test_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct transcript transcript;

        transcript_begin(&transcript);
        transcript_feed(&transcript, cases[i].bytes, cases[i].length);
        check(i, 0, transcript_text(&transcript));
        transcript_end(&transcript);
    }
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        for (size_t cut = 1; cut < cases[i].length; cut++) {
            struct transcript transcript;

            transcript_begin(&transcript);
            transcript_feed(&transcript, cases[i].bytes, cut);
            transcript_feed(&transcript, cases[i].bytes + cut, cases[i].length - cut);
            check(i, cut, transcript_text(&transcript));
            transcript_end(&transcript);
        }
    }
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct transcript transcript;

        transcript_begin(&transcript);
        for (size_t at = 0; at < cases[i].length; at++)
            transcript_feed(&transcript, cases[i].bytes + at, 1);
        check(i, 1, transcript_text(&transcript));
        transcript_end(&transcript);
    }
}

/* One endless part of a chunked body, until it is refused; at most `max` bytes may pass. */
static void check_endless(const char *before, const char *part, size_t max)
{
    struct transcript transcript;
    size_t fed = 0;

    transcript_begin(&transcript);
    transcript_feed(&transcript, BYTES(CHUNKED));
    transcript_feed(&transcript, before, strlen(before));
    while (!transcript.refused && fed <= max) {
        transcript_feed(&transcript, part, strlen(part));
        fed += strlen(part);
    }
    assert_true(transcript.refused);
    assert_true(fed <= max);
    transcript_end(&transcript);
}

static void test_chunked_bounds(void **state)
{
    (void)state;
    check_endless("5;", T16, OT_CHUNK_EXTENSIONS_MAX + 16);
    check_endless("", "1;" T16 "\r\nx\r\n", (OT_CHUNK_EXTENSIONS_MAX + 16) / 16 * 23);
    check_endless("0\r\nX: ", T16, OT_TRAILERS_MAX + 16);
    check_endless("0\r\n", "X: y\r\n", OT_TRAILER_FIELDS_MAX * 6 + 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_chunked_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
