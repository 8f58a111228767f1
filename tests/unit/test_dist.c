/* Verifying a dist: it is the payload that it would be, or refused. */
#include "tests/unit/payload_fixture.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A dist is verified like a payload, and its image is that payload. */
static void dist_is_payload(void **state)
{
    const struct fixture *f = *state;
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    OT_AUTOBUF struct ot_buf expected = {0};
    struct ot_trust trust = trust_in("a");
    const struct ot_member *member;
    struct ot_error err;

    maker_dist(&f->maker, f->dist, true);
    maker_payload(&f->maker, &expected);
    assert_succeeds(ot_payload_open(f->dist, &trust, 2, NULL, &payload, &err), err);
    assert_true(ot_span_equal(ot_payload_image(payload), ot_buf_span(&expected)));
    member = ot_manifest_member(ot_payload_manifest(payload), OT_SPAN("files/echo/a.txt"));
    assert_true(ot_span_is(ot_payload_bytes(payload, member), "text"));
    assert_int_equal(ot_payload_statement(payload)->sequence, 7);
    ot_trust_free(&trust);
}

/* What may happen to a folder. `make` is done after the dist was written into it. */
static void put(const struct fixture *f, const char *path, const char *text)
{
    maker_put(f->dist, path, ot_span_of(text));
}

static char *in_dist(const struct fixture *f, const char *path)
{
    return ot_asprintf("%s/%s", f->dist, path);
}

static void drop(const struct fixture *f, const char *path)
{
    OT_AUTOFREE char *whole = in_dist(f, path);

    assert_int_equal(remove(whole), 0);
}

static void link_to(const struct fixture *f, const char *path, const char *target)
{
    OT_AUTOFREE char *whole = in_dist(f, path);

    (void)remove(whole);
    assert_int_equal(symlink(target, whole), 0);
}

static void fifo(const struct fixture *f, const char *path)
{
    OT_AUTOFREE char *whole = in_dist(f, path);

    (void)remove(whole);
    assert_int_equal(mkfifo(whole, 0644), 0);
}

static void folder(const struct fixture *f, const char *path)
{
    OT_AUTOFREE char *whole = in_dist(f, path);

    (void)remove(whole);
    assert_int_equal(mkdir(whole, 0755), 0);
}

static void socket_at(const struct fixture *f, const char *path)
{
    OT_AUTOFREE char *whole = in_dist(f, path);
    OT_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    assert_true(fd >= 0 && strlen(whole) < sizeof(address.sun_path));
    (void)remove(whole);
    memcpy(address.sun_path, whole, strlen(whole) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void folder_link(const struct fixture *f)
{
    OT_AUTOFREE char *from = in_dist(f, "files/echo");
    OT_AUTOFREE char *to = ot_asprintf("%s/moved", f->dir);

    assert_int_equal(rename(from, to), 0);
    link_to(f, "files/echo", to);
}

#define CHANGES 30u
#define SAME_SIZE 25u /* the right size, other bytes */

static void do_change(const struct fixture *f, unsigned change)
{
    switch (change) {
    case 0:
        put(f, "extra.txt", "");
        break;
    case 1:
        put(f, "files/echo/extra", "x");
        break;
    case 2:
        put(f, "functions/.hidden", "x");
        break;
    case 3:
        put(f, "files/echo/deep/er/extra", "x");
        break;
    case 4:
        folder(f, "empty-folder");
        break;
    case 5:
        folder(f, "files/echo/empty-folder");
        break;
    case 6:
        drop(f, "functions/hello.js");
        break;
    case 7:
        drop(f, "files/empty");
        break;
    case 8:
        drop(f, "manifest.json");
        break;
    case 9:
        drop(f, "signatures");
        break;
    case 10:
        drop(f, "statement.json");
        break;
    case 11:
        link_to(f, "functions/hello.js", "echo.js");
        break;
    case 12:
        link_to(f, "extra", "/etc/passwd");
        break;
    case 13:
        folder_link(f);
        break;
    case 14:
        link_to(f, "signatures", "statement.json");
        break;
    case 15:
        link_to(f, "manifest.json", "/dev/null");
        break;
    case 16:
        fifo(f, "files/empty");
        break;
    case 17:
        fifo(f, "signatures");
        break;
    case 18:
        fifo(f, "manifest.json");
        break;
    case 19:
        fifo(f, "extra");
        break;
    case 20:
        socket_at(f, "files/empty");
        break;
    case 21:
        folder(f, "files/empty");
        break;
    case 22:
        put(f, "files/empty", "x");
        break;
    case 23:
        put(f, "files/echo/a.txt", "tex");
        break;
    case 24:
        put(f, "files/echo/a.txt", "text!");
        break;
    case SAME_SIZE:
        put(f, "files/echo/a.txt", "Text");
        break;
    case 26:
        put(f, "signatures", "");
        break;
    case 27:
        put(f, "statement.json", "{}");
        break;
    case 28:
        put(f, "manifest.json", "{}");
        break;
    case 29:
        link_to(f, "statement.json", "nowhere");
        break;
    default:
        fail();
    }
}

static void dist_changes(void **state)
{
    const struct fixture *f = *state;
    struct ot_trust trust = trust_in("a");

    for (unsigned change = 0; change < CHANGES; change++) {
        const char *code = change == SAME_SIZE ? OT_E_HASH : OT_E_LAYOUT;
        struct ot_error err;

        assert_succeeds(ot_remove_tree(AT_FDCWD, f->dist, &err), err);
        assert_int_equal(mkdir(f->dist, 0755), 0);
        maker_dist(&f->maker, f->dist, true);
        expect(f->dist, &trust, "OK");
        do_change(f, change);
        expect_in(f->dist, &trust, code, "change", change);
    }
    ot_trust_free(&trust);
}

/* Without pages it is unsigned: refused, or accepted when that is allowed, with all else still
 * checked. */
static void unsigned_dist(void **state)
{
    const struct fixture *f = *state;
    struct ot_trust trust = trust_in("a");
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    struct ot_error err;

    maker_dist(&f->maker, f->dist, false);
    expect(f->dist, &trust, OT_E_UNTRUSTED);
    trust.allow_unsigned = true;
    expect(f->dist, &trust, "OK");
    assert_succeeds(ot_payload_open(f->dist, &trust, 1, NULL, &payload, &err), err);
    assert_null(ot_payload_statement(payload));
    assert_int_equal(ot_payload_signers(payload)->count, 0);
    assert_int_equal(ot_payload_image(payload).len, ot_payload_manifest(payload)->payload_size);
    trust.min_sequence = 1;
    expect(f->dist, &trust, OT_E_ROLLBACK);
    trust.min_sequence = 0;
    trust.engine_date = "2025-12-31";
    expect(f->dist, &trust, OT_E_ENGINE);
    trust.engine_date = NULL;
    put(f, "files/echo/a.txt", "Text");
    expect(f->dist, &trust, OT_E_HASH);
    put(f, "files/echo/a.txt", "text");
    put(f, "signatures", "");
    expect(f->dist, &trust, OT_E_LAYOUT);
    drop(f, "signatures");
    put(f, "manifest.json", "{}");
    expect(f->dist, &trust, OT_E_MANIFEST);
    drop(f, "manifest.json");
    expect(f->dist, &trust, OT_E_LAYOUT);
    ot_trust_free(&trust);
}

static void previews_of_dists(void **state)
{
    const struct fixture *f = *state;
    struct ot_preview preview;
    struct ot_error err;

    maker_dist(&f->maker, f->dist, false);
    assert_succeeds(ot_preview_open(f->dist, &preview, &err), err);
    assert_false(preview.has_statement);
    assert_int_equal(preview.signatures.count, 0);
    assert_int_equal(preview.size, preview.manifest->payload_size);
    ot_preview_free(&preview);
    maker_dist(&f->maker, f->dist, true);
    assert_succeeds(ot_preview_open(f->dist, &preview, &err), err);
    assert_true(preview.has_statement);
    assert_int_equal(preview.signatures.count, 1);
    ot_preview_free(&preview);
    put(f, "manifest.json", "{}");
    assert_int_equal(ot_preview_open(f->dist, &preview, &err), -1);
    assert_string_equal(err.code, OT_E_LAYOUT);
    drop(f, "signatures");
    drop(f, "statement.json");
    assert_int_equal(ot_preview_open(f->dist, &preview, &err), -1);
    assert_string_equal(err.code, OT_E_MANIFEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(dist_is_payload),
        test(dist_changes),
        test(unsigned_dist),
        test(previews_of_dists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
