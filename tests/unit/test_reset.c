/* Resets: their one spelling, which state they are of, who must have signed them. */
#include "tests/unit/trust_maker.h"
#include "tests/unit/unit.h"

#include "verify/pae.h"
#include "verify/refusal.h"
#include "verify/reset.h"

#define MANIFEST "{}\n"
#define DIGEST "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"
#define TEXT                                                                                       \
    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"manifest.json\","     \
    "\"digest\":{\"sha256\":\"" DIGEST "\"}}],\"predicateType\":\"urn:onetube:reset:v1\","         \
    "\"predicate\":{\"name\":\"shop\",\"number\":2,\"from\":900,\"to\":8,\"trustVersion\":3,"      \
    "\"expires\":5000}}"

static const struct ot_reset sample = {.manifest_sha256 = DIGEST,
                                       .name = "shop",
                                       .number = 2,
                                       .from = 900,
                                       .to = 8,
                                       .trust_version = 3,
                                       .expires = 5000};

static void one_text(void **state)
{
    static const struct {
        const char *from, *to, *code;
    } cases[] = {
        {"shop", "shop", NULL},
        {"{\"_type\"", "{ \"_type\"", OT_E_STATEMENT},
        {"}}", "}}\n", OT_E_STATEMENT},
        {"reset:v1", "payload:v1", OT_E_SCHEMA},
        {"reset:v1", "rebuild:v1", OT_E_SCHEMA},
        {"\"number\":2", "\"number\":0", OT_E_STATEMENT},
        {"\"number\":2,", "", OT_E_STATEMENT},
        {"\"number\":2,\"from\":900", "\"from\":900,\"number\":2", OT_E_STATEMENT},
        {"\"to\":8", "\"to\":900", OT_E_STATEMENT},
        {"\"to\":8", "\"to\":901", OT_E_STATEMENT},
        {"\"to\":8", "\"to\":-8", OT_E_STATEMENT},
        {"\"to\":8", "\"to\":8.0", OT_E_STATEMENT},
        {"\"to\":8", "\"to\":08", OT_E_STATEMENT},
        {"900", "9007199254740991", NULL},
        {"900", "9007199254740992", OT_E_STATEMENT},
        {",\"expires\":5000", "", OT_E_STATEMENT},
        {"5000", "5000,\"more\":1", OT_E_STATEMENT},
        {"5000", "null", OT_E_STATEMENT},
        {"ca3d", "CA3D", OT_E_STATEMENT},
        {"\"shop\"", "\"\"", OT_E_STATEMENT},
    };
    OT_AUTOBUF struct ot_buf text = {0};

    (void)state;
    ot_reset_text(&sample, &text);
    assert_string_equal(text.data, TEXT);
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        const char *found = strstr(TEXT, cases[i].from);
        OT_AUTOFREE char *changed = ot_asprintf("%.*s%s%s", (int)(found - TEXT), TEXT, cases[i].to,
                                                found + strlen(cases[i].from));
        struct ot_reset out;
        struct ot_error err = {0};
        int done = ot_reset_parse(&out, ot_span_of(changed), &err);

        if (cases[i].code == NULL)
            assert_succeeds(done, err);
        else if (done == 0 || strcmp(err.code, cases[i].code) != 0)
            fail_msg("\"%s\": %s", cases[i].to, done == 0 ? "accepted" : err.code);
    }
}

/* The one that the sample is of; freed by the caller. */
static struct ot_state *fast_forwarded(void)
{
    struct ot_state *state = ot_alloc(1, sizeof(*state));

    state->exists = true;
    state->floor = state->sequence = 900;
    state->reset = 1;
    memcpy(state->name, "shop", sizeof("shop"));
    memcpy(state->manifest_sha256, DIGEST, sizeof(DIGEST));
    return state;
}

struct change {
    const char *what;
    const char *signers;
    uint64_t now, trust_version, number, floor;
    const char *name, *manifest;
    const char *code; /* NULL: it is applied; "": it is left alone */
};

/* With every member that is 0 as it should be. */
static const struct change changes[] = {
    {.what = "good"},
    {.what = "more than are needed", .signers = "abc"},
    {.what = "a newer trust file", .trust_version = 9},
    {.what = "the last second", .now = 5000},
    {.what = "the first reset of this state", .number = 1},
    {.what = "one root key", .signers = "a", .code = OT_E_UNTRUSTED},
    {.what = "one root key twice", .signers = "aa", .code = OT_E_UNTRUSTED},
    {.what = "a root and a release key", .signers = "ad", .code = OT_E_UNTRUSTED},
    {.what = "a root and an unknown key", .signers = "az", .code = OT_E_UNTRUSTED},
    {.what = "release keys", .signers = "de", .code = OT_E_UNTRUSTED},
    {.what = "a bad signature", .signers = "aB", .code = OT_E_SIGNATURE},
    {.what = "a bad one beside enough", .signers = "abC", .code = OT_E_SIGNATURE},
    {.what = "expired", .now = 5001, .code = OT_E_EXPIRED},
    {.what = "an older trust file", .trust_version = 2, .code = OT_E_TRUST},
    {.what = "used", .number = 3, .code = ""},
    {.what = "used, expired and badly signed",
     .number = 9,
     .now = 9999,
     .signers = "A",
     .code = ""},
    {.what = "another floor", .floor = 899, .code = ""},
    {.what = "another name", .name = "blog", .code = ""},
    {.what = "another manifest", .manifest = "0000", .code = ""},
};

static struct ot_trust_file *trust_of(uint64_t version)
{
    const struct trust_maker maker = {
        .version = version, .thresholds = {2, 1, 0}, .keys = {"abc", "de", ""}, .signers = "ab"};
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_trust_file *file;
    struct ot_error err;

    trust_text(&maker, &text);
    assert_succeeds(ot_trust_file_parse(ot_buf_span(&text), &file, &err), err);
    return file;
}

static void write_reset(const char *path, const char *signers)
{
    OT_AUTOENVELOPE struct ot_envelope envelope = {.page.count = 0};
    OT_AUTOBUF struct ot_buf message = {0};
    OT_AUTOBUF struct ot_buf file = {0};
    struct ot_error err;

    ot_reset_text(&sample, &envelope.text);
    ot_pae("application/vnd.in-toto+json", ot_buf_span(&envelope.text), &message);
    trust_sign(signers, ot_buf_span(&message), &envelope.page);
    ot_envelope_write(&envelope, &file);
    assert_succeeds(unit_write_file(path, ot_buf_span(&file), 0644, false, &err), err);
}

static void expect_use(const char *path, const struct change *change)
{
    OT_AUTOSTATE struct ot_state *state = fast_forwarded();
    OT_AUTOTRUSTFILE struct ot_trust_file *trust =
        trust_of(change->trust_version > 0 ? change->trust_version : 3);
    struct ot_reset reset;
    struct ot_error err = {0};
    int used;

    write_reset(path, change->signers != NULL ? change->signers : "ab");
    if (change->floor > 0)
        state->floor = change->floor;
    if (change->number > 0)
        state->reset = change->number - 1;
    if (change->name != NULL)
        memcpy(state->name, change->name, strlen(change->name) + 1);
    if (change->manifest != NULL)
        memcpy(state->manifest_sha256, change->manifest, strlen(change->manifest));
    used = ot_reset_use(path, trust, change->now > 0 ? change->now : 4000, state, &reset, &err);
    if (change->code == NULL && used != 1)
        fail_msg("%s: %s", change->what, used < 0 ? err.message : "left alone");
    if (change->code != NULL && *change->code == '\0' && used != 0)
        fail_msg("%s: %s", change->what, used < 0 ? err.message : "applied");
    if (change->code != NULL && *change->code != '\0' &&
        (used >= 0 || strcmp(err.code, change->code) != 0))
        fail_msg("%s: %s", change->what, used < 0 ? err.message : "not refused");
    assert_int_equal(state->floor, used == 1 ? 8 : change->floor > 0 ? change->floor : 900);
    if (used == 1)
        assert_int_equal(state->reset, 2);
    assert_int_equal(state->sequence, 900); /* what was accepted stays accepted */
}

static void who_may_use_it(void **state)
{
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = ot_asprintf("%s/reset", dir);

    (void)state;
    for (size_t i = 0; i < OT_COUNT(changes); i++)
        expect_use(path, &changes[i]);
    unit_remove_dir(dir);
}

static void what_is_no_reset(void **unused)
{
    OT_AUTOSTATE struct ot_state *state = fast_forwarded();
    OT_AUTOTRUSTFILE struct ot_trust_file *trust = trust_of(3);
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = ot_asprintf("%s/reset", dir);
    struct ot_reset reset;
    struct ot_error err = {0};

    (void)unused;
    assert_int_equal(ot_reset_use(path, trust, 4000, state, &reset, &err), -1);
    assert_int_equal(err.kind, OT_FAILED);
    assert_succeeds(unit_write_file(path, OT_SPAN(TEXT), 0644, false, &err), err);
    assert_int_equal(ot_reset_use(path, trust, 4000, state, &reset, &err), -1);
    assert_string_equal(err.code, OT_E_LAYOUT);
    state->exists = false;
    write_reset(path, "ab");
    assert_int_equal(ot_reset_use(path, trust, 4000, state, &reset, &err), 0);
    unit_remove_dir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text),
        cmocka_unit_test(who_may_use_it),
        cmocka_unit_test(what_is_no_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
