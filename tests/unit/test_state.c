/* What the state file says, who may write it, and what may follow it. */
#include "tests/unit/unit.h"

#include "verify/refusal.h"
#include "verify/state.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST "{\"schema\":1}\n"

/* Freed by the caller. */
static struct ot_state *sample(void)
{
    struct ot_state *state = ot_alloc(1, sizeof(*state));

    state->exists = true;
    state->floor = state->sequence = 7;
    memcpy(state->name, "shop", sizeof("shop"));
    ot_buf_puts(&state->manifest, MANIFEST);
    ot_sha256_hex(OT_SPAN(MANIFEST), state->manifest_sha256);
    return state;
}

static void text_of(const struct ot_state *state, struct ot_buf *out)
{
    ot_buf_clear(out);
    ot_state_write(state, out);
}

static void expect_text(struct ot_span text, bool good, const char *what)
{
    OT_AUTOSTATE struct ot_state *state = ot_alloc(1, sizeof(*state));
    struct ot_error err = {0};
    int done = ot_state_parse(text, state, &err);

    if (good)
        assert_succeeds(done, err);
    else if (done == 0 || err.kind != OT_REFUSED || strcmp(err.code, OT_E_STATE) != 0)
        fail_msg("%s: %s", what, done == 0 ? "accepted" : err.message);
    assert_true(state->exists == good);
}

static void one_text(void **unused)
{
    OT_AUTOSTATE struct ot_state *state = sample();
    OT_AUTOBUF struct ot_buf text = {0};

    (void)unused;
    text_of(state, &text);
    expect_text(ot_buf_span(&text), true, "plain");
    assert_non_null(
        strstr(text.data, "\n{\"name\":\"shop\",\"floor\":7,\"sequence\":7,\"manifestSha256\":\""));
    assert_non_null(strstr(text.data, "\",\"manifestBytes\":13,\"reset\":0}\n" MANIFEST));
    state->trust_version = 3;
    state->floor = 2;
    state->reset = 1;
    memcpy(state->trust_sha256, state->manifest_sha256, sizeof(state->trust_sha256));
    text_of(state, &text);
    expect_text(ot_buf_span(&text), true, "with a trust file");
    state->floor = 8; /* above the sequence */
    text_of(state, &text);
    expect_text(ot_buf_span(&text), false, "floor");
    state->floor = 7;
    state->manifest.data[0] = ' '; /* with a checksum that is right for it */
    text_of(state, &text);
    expect_text(ot_buf_span(&text), false, "manifest");
}

/* Every byte changed, every length. */
static void damage(void **unused)
{
    OT_AUTOSTATE struct ot_state *state = sample();
    OT_AUTOBUF struct ot_buf text = {0};

    (void)unused;
    text_of(state, &text);
    for (size_t i = 0; i < text.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            text.data[i] = (char)(text.data[i] ^ (1 << bit));
            expect_text(ot_buf_span(&text), false, "a bit");
            text.data[i] = (char)(text.data[i] ^ (1 << bit));
        }
        expect_text((struct ot_span){text.data, i}, false, "cut off");
    }
    ot_buf_putc(&text, '\n');
    expect_text(ot_buf_span(&text), false, "one byte more");
}

static void what_may_follow(void **unused)
{
    static const struct {
        const char *name;
        uint64_t sequence;
        bool other, is_signed;
        const char *code;
    } cases[] = {
        {"shop", 7, false, true, NULL},          {"shop", 8, true, true, NULL},
        {"shop", 8, false, true, NULL},          {"shop", OT_SEQUENCE_MAX, true, true, NULL},
        {"shop", 6, true, true, OT_E_ROLLBACK},  {"shop", 6, false, true, OT_E_ROLLBACK},
        {"shop", 0, true, true, OT_E_ROLLBACK},  {"shop", 7, true, true, OT_E_ROLLBACK},
        {"blog", 7, false, true, OT_E_STATE},    {"blog", 8, true, true, OT_E_STATE},
        {"Shop", 8, true, true, OT_E_STATE},     {"shop", 8, true, false, OT_E_ROLLBACK},
        {"shop", 7, false, false, OT_E_ROLLBACK}};
    OT_AUTOSTATE struct ot_state *state = sample();
    struct ot_error err = {0};

    (void)unused;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        struct ot_statement statement = {.sequence = cases[i].sequence};
        int done;

        memcpy(statement.name, cases[i].name, strlen(cases[i].name) + 1);
        memcpy(statement.manifest_sha256, state->manifest_sha256, OT_SHA256_HEX);
        statement.manifest_sha256[0] ^= (char)(cases[i].other ? 'a' ^ 'b' : 0);
        done = ot_state_check(state, &statement, cases[i].is_signed, &err);
        if (cases[i].code == NULL)
            assert_succeeds(done, err);
        else if (done == 0 || strcmp(err.code, cases[i].code) != 0)
            fail_msg("case %zu: %s", i, done == 0 ? "accepted" : err.message);
    }
    assert_int_equal(ot_state_check(state, NULL, false, &err), -1);
    state->exists = false;
    assert_int_equal(ot_state_check(state, NULL, false, &err), -1);
    assert_string_equal(err.code, OT_E_ROLLBACK);
}

/* After a reset the floor is below what was accepted last, which still stands for its number. */
static void below_the_accepted(void **unused)
{
    OT_AUTOSTATE struct ot_state *state = sample();
    struct ot_statement statement = {.name = "shop", .sequence = 3};
    struct ot_error err = {0};

    (void)unused;
    state->floor = 3;
    assert_succeeds(ot_state_check(state, &statement, true, &err), err);
    statement.sequence = 2;
    assert_int_equal(ot_state_check(state, &statement, true, &err), -1);
    statement.sequence = 7;
    assert_int_equal(ot_state_check(state, &statement, true, &err), -1);
}

static void trust_files(void **unused)
{
    static const struct {
        uint64_t version;
        const char *digest, *code;
    } cases[] = {{3, "ab", NULL},          {4, "cd", NULL},          {9, "ab", NULL},
                 {2, "ab", OT_E_ROLLBACK}, {1, "cd", OT_E_ROLLBACK}, {3, "cd", OT_E_TRUST}};
    OT_AUTOSTATE struct ot_state *state = sample();
    struct ot_error err = {0};

    (void)unused;
    assert_succeeds(ot_state_check_trust(state, 1, "ab", &err), err); /* none was used before */
    state->trust_version = 3;
    memcpy(state->trust_sha256, "ab", sizeof("ab"));
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        int done = ot_state_check_trust(state, cases[i].version, cases[i].digest, &err);

        if (cases[i].code == NULL)
            assert_succeeds(done, err);
        else if (done == 0 || strcmp(err.code, cases[i].code) != 0)
            fail_msg("case %zu: %s", i, done == 0 ? "accepted" : err.message);
    }
}

/* -- files -- */

enum place { A_FILE, A_LINK, A_DANGLING_LINK, A_FOLDER, A_FIFO, EMPTY, NOTHING };

static void put(const char *dir, enum place place, mode_t mode)
{
    OT_AUTOSTATE struct ot_state *state = sample();
    OT_AUTOFREE char *path = ot_asprintf("%s/state", dir);
    OT_AUTOFREE char *other = ot_asprintf("%s/other", dir);
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error err;

    text_of(state, &text);
    if (place == A_FILE || place == A_LINK)
        assert_succeeds(
            unit_write_file(place == A_FILE ? path : other, ot_buf_span(&text), mode, false, &err),
            err);
    if (place == A_LINK || place == A_DANGLING_LINK)
        assert_int_equal(symlink("other", path), 0);
    if (place == A_FOLDER)
        assert_int_equal(mkdir(path, mode), 0);
    if (place == A_FIFO)
        assert_int_equal(mkfifo(path, mode), 0);
    if (place == EMPTY)
        assert_succeeds(unit_write_file(path, OT_SPAN(""), mode, false, &err), err);
}

static void hostile_places(void **unused)
{
    static const struct {
        const char *what;
        enum place place;
        mode_t mode, folder;
        bool good, exists;
    } cases[] = {
        {"a file", A_FILE, 0600, 0755, true, true},
        {"readable by all", A_FILE, 0644, 0755, true, true},
        {"in a sticky folder", A_FILE, 0600, 01777, true, true},
        {"nothing", NOTHING, 0600, 0755, true, false},
        {"group-writable", A_FILE, 0620, 0755, false, false},
        {"world-writable", A_FILE, 0602, 0755, false, false},
        {"in a group-writable folder", A_FILE, 0600, 0775, false, false},
        {"in a world-writable folder", A_FILE, 0600, 0757, false, false},
        {"nothing, but in such a folder", NOTHING, 0600, 0777, false, false},
        {"a link to a good one", A_LINK, 0600, 0755, false, false},
        {"a link to nothing", A_DANGLING_LINK, 0600, 0755, false, false},
        {"a folder", A_FOLDER, 0700, 0755, false, false},
        {"a FIFO", A_FIFO, 0600, 0755, false, false},
        {"an empty file", EMPTY, 0600, 0755, false, false},
    };

    (void)unused;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        char *dir = unit_make_dir();
        OT_AUTOFREE char *path = ot_asprintf("%s/state", dir);
        OT_AUTOSTATE struct ot_state *state = NULL;
        struct ot_error err = {0};
        int done;

        put(dir, cases[i].place, cases[i].mode);
        assert_int_equal(chmod(dir, cases[i].folder), 0);
        done = ot_state_load(path, &state, &err);
        if (cases[i].good && done == 0)
            assert_true(state->exists == cases[i].exists);
        else if (cases[i].good || done == 0 || err.kind != OT_REFUSED ||
                 strcmp(err.code, OT_E_STATE) != 0 || strncmp(err.message, path, strlen(path)) != 0)
            fail_msg("%s: %s", cases[i].what, done == 0 ? "accepted" : err.message);
        unit_remove_dir(dir);
    }
}

static void of_another_user(void **unused)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = ot_asprintf("%s/state", dir);
    OT_AUTOSTATE struct ot_state *state = NULL;
    struct ot_error err = {0};

    (void)unused;
    put(dir, A_FILE, 0600);
    if (geteuid() != 0) { /* only root can give a file away */
        unit_remove_dir(dir);
        skip();
    }
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_int_equal(ot_state_load(path, &state, &err), -1);
    assert_string_equal(err.code, OT_E_STATE);
    assert_int_equal(chown(path, 0, 0), 0);
    assert_int_equal(chown(dir, 65534, 65534), 0);
    assert_int_equal(ot_state_load(path, &state, &err), -1);
    assert_string_equal(err.code, OT_E_STATE);
    unit_remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text),        cmocka_unit_test(damage),
        cmocka_unit_test(what_may_follow), cmocka_unit_test(below_the_accepted),
        cmocka_unit_test(trust_files),     cmocka_unit_test(hostile_places),
        cmocka_unit_test(of_another_user),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
