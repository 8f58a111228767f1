/*
 * Threshold tables: generated cases whose expectation is counted here, on sets of letters, by a
 * rule of its own. Real keys, real signatures.
 */
#include "tests/unit/trust_maker.h"
#include "tests/unit/unit.h"

#include "verify/refusal.h"

#include <ctype.h>

/* How often each outcome was expected, so that no table turns into one of refusals only. */
struct tally {
    size_t cases, accepted;
};

static void note(struct tally *tally, const char *expected)
{
    tally->cases++;
    tally->accepted += strcmp(expected, "OK") == 0;
}

/* A set of letters; each counts once however often it stands. */
static unsigned set_of(const char *letters)
{
    unsigned set = 0;

    for (; letters != NULL && *letters != '\0'; letters++)
        set |= 1u << (tolower((unsigned char)*letters) - 'a');
    return set;
}

static unsigned set_of_wrong(const char *letters)
{
    unsigned set = 0;

    for (; *letters != '\0'; letters++)
        set |= isupper((unsigned char)*letters) ? 1u << (*letters - 'A') : 0;
    return set;
}

static unsigned size_of(unsigned set)
{
    return (unsigned)__builtin_popcount(set);
}

/* -- one role, one message: m of n ------------------------------------------------------------ */

/* What stands on the page beside the right signatures. */
static const struct {
    const char *what, *letters;
} beside[] = {
    {"nothing", ""},
    {"the first key once more", "a"},
    {"the first two keys three times", "aabb"},
    {"unknown keys", "wxyz"},
    {"a revoked key", "r"},
    {"all keys of another role", "klmno"},
    {"all keys of the third role", "fghij"},
    {"a wrong signature of the last key of the role", "!"},
    {"a wrong signature of an unknown key", "W"},
    {"a wrong signature of another role's key", "K"},
};

static const char *expected_of_role(const char *role, const char *letters, unsigned threshold)
{
    if ((set_of_wrong(letters) & set_of(role)) != 0)
        return OT_E_SIGNATURE;
    return size_of(set_of(letters) & set_of(role)) >= threshold ? "OK" : OT_E_UNTRUSTED;
}

static const char *outcome_of_role(const struct ot_trust_file *file, enum ot_role role,
                                   const struct ot_signature_page *page, struct ot_span message,
                                   struct ot_error *err)
{
    OT_AUTOLIST struct ot_list signers = {0};

    if (role == OT_ROLE_ROOT)
        return ot_trust_file_root_signed(file, "it", page, message, err) == 0 ? "OK" : err->code;
    if (ot_trust_file_count(file, role, "it", page, message, &signers, err) < 0)
        return err->code;
    return signers.count >= file->thresholds[role] ? "OK" : OT_E_UNTRUSTED;
}

/* `role` has the keys a to e (as many as `keys`), the others f to j and k to o. */
static void one_of_n(enum ot_role role, unsigned threshold, unsigned keys, struct tally *tally)
{
    static const char *const others[] = {"fghij", "klmno"};
    OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOFREE char *own = ot_strndup("abcde", keys);
    struct trust_maker maker = {.version = 1, .thresholds = {1, 1, 1}, .revoked = "r"};
    struct ot_error err = {0};
    const struct ot_span message = OT_SPAN("what is signed");

    maker.thresholds[role] = threshold;
    for (int i = 0, other = 0; i < OT_ROLE_COUNT; i++)
        maker.keys[i] = i == (int)role ? own : others[other++];
    trust_text(&maker, &text);
    assert_succeeds(ot_trust_file_parse(ot_buf_span(&text), &file, &err), err);
    for (unsigned right = 0; right <= keys; right++) {
        for (size_t i = 0; i < OT_COUNT(beside); i++) {
            OT_AUTOFREE char *letters = ot_asprintf("%.*s%s", (int)right, own, beside[i].letters);
            struct ot_signature_page page = {.count = 0};
            const char *expected, *got;
            char *last = strchr(letters, '!');

            if (last != NULL)
                *last = (char)toupper((unsigned char)own[keys - 1]);
            expected = expected_of_role(own, letters, threshold);
            trust_sign(letters, message, &page);
            got = outcome_of_role(file, role, &page, message, &err);
            if (strcmp(got, expected) != 0)
                fail_msg("%s %u of %u, signed by %s (%s): got %s, expected %s", ot_role_name(role),
                         threshold, keys, letters, beside[i].what, got, expected);
            note(tally, expected);
        }
    }
}

static void m_of_n(void **state)
{
    struct tally tally = {0};

    (void)state;
    for (int role = 0; role < OT_ROLE_COUNT; role++) {
        for (unsigned threshold = 1; threshold <= 5; threshold++) {
            for (unsigned keys = threshold; keys <= 5; keys++)
                one_of_n((enum ot_role)role, threshold, keys, &tally);
        }
    }
    assert_int_equal(tally.cases, 2100);
    assert_in_range(tally.accepted, 700, 1400);
}

/* -- chains ----------------------------------------------------------------------------------- */

#define CHAIN_MAX 9u
#define NOW 1800000000u

struct chain {
    struct trust_maker files[CHAIN_MAX];
    char letters[CHAIN_MAX][2][OT_SIGNATURES_MAX + 1]; /* root keys, signers */
    size_t count;
};

static const char *expected_signed_by(const struct trust_maker *file, const struct trust_maker *by)
{
    if ((set_of_wrong(file->signers) & set_of(by->keys[0])) != 0)
        return OT_E_SIGNATURE;
    return size_of(set_of(file->signers) & set_of(by->keys[0])) >= by->thresholds[0]
               ? "OK"
               : OT_E_UNTRUSTED;
}

static bool same_content(const struct trust_maker *a, const struct trust_maker *b)
{
    return a->version == b->version && set_of(a->keys[0]) == set_of(b->keys[0]) &&
           set_of(a->revoked) == set_of(b->revoked) && a->thresholds[0] == b->thresholds[0] &&
           a->min_sequence == b->min_sequence && a->expires == b->expires;
}

/* The rule: one step, in words of TUF 5.3: the old roots and the new ones, the very next version.
 */
static const char *expected_step(const struct trust_maker *next, const struct trust_maker *last)
{
    const char *by_old = expected_signed_by(next, last);

    if (next->version < last->version)
        return OT_E_ROLLBACK;
    if (next->version > last->version + 1 ||
        (next->version == last->version && !same_content(next, last)))
        return OT_E_TRUST;
    return strcmp(by_old, "OK") != 0 ? by_old : expected_signed_by(next, next);
}

static const char *expected_chain(const struct chain *chain)
{
    const struct trust_maker *end = &chain->files[chain->count - 1];
    const char *verdict = expected_signed_by(&chain->files[0], &chain->files[0]);

    for (size_t i = 1; i < chain->count && strcmp(verdict, "OK") == 0; i++)
        verdict = expected_step(&chain->files[i], &chain->files[i - 1]);
    if (strcmp(verdict, "OK") == 0 && end->expires != 0 && NOW > end->expires)
        return OT_E_EXPIRED;
    return verdict;
}

static const char *outcome_of_chain(const struct chain *chain, struct ot_error *err)
{
    struct ot_trust_file *files[CHAIN_MAX] = {NULL};
    const char *outcome = "OK";

    for (size_t i = 0; i < chain->count; i++) {
        OT_AUTOBUF struct ot_buf text = {0};

        trust_text(&chain->files[i], &text);
        assert_succeeds(ot_trust_file_parse(ot_buf_span(&text), &files[i], err), *err);
    }
    if (ot_trust_file_chain(files, chain->count, NOW, err) < 0)
        outcome = err->code;
    for (size_t i = 0; i < chain->count; i++)
        ot_trust_file_free(files[i]);
    return outcome;
}

/* Version 1 of roots a, b, c, two of which must sign; then each version as it should be. */
static void good_chain(struct chain *chain, size_t count)
{
    memset(chain, 0, sizeof(*chain));
    chain->count = count;
    for (size_t i = 0; i < count; i++) {
        struct trust_maker *file = &chain->files[i];

        strcpy(chain->letters[i][0], "abc");
        strcpy(chain->letters[i][1], "ab");
        *file = (struct trust_maker){.version = i + 1,
                                     .expires = NOW + 100,
                                     .thresholds = {2, 1, 0},
                                     .keys = {chain->letters[i][0], "de", NULL},
                                     .signers = chain->letters[i][1]};
    }
}

enum change {
    NO_CHANGE,
    LEFT_OUT,          /* a version is missing */
    FORK,              /* the same version with another content */
    SAME_AGAIN,        /* the very same file */
    LOWER_VERSION,     /* back by one */
    ONE_SIGNER,        /* fewer than the threshold */
    ONE_SIGNER_TWICE,  /* two lines of one key */
    WRONG_LINE,        /* a bad signature of a root key beside enough good ones */
    RELEASE_SIGNED,    /* by the release keys only */
    UNKNOWN_SIGNED,    /* by strangers only */
    THRESHOLD_LOWERED, /* to 1, signed by two: allowed */
    THRESHOLD_STOLEN,  /* to 1, signed by one */
    THRESHOLD_RAISED,  /* to 3, signed by two */
    ROOTS_REPLACED,    /* by f, g, h, signed by two of both */
    ROOTS_NOT_OLD,     /* the same without the old ones */
    ROOTS_NOT_NEW,     /* the same without the new ones */
    ROOT_REVOKED,      /* a is taken out and revoked, b and c sign */
    REVOKED_SIGNS,     /* a is taken out and revoked, and signs with c: enough for N, not for N+1 */
    EXPIRED,           /* matters at the end only */
    CHANGE_COUNT
};

static void set_letters(struct chain *chain, size_t at, const char *roots, const char *signers)
{
    if (roots != NULL)
        strcpy(chain->letters[at][0], roots);
    if (signers != NULL)
        strcpy(chain->letters[at][1], signers);
}

static void shift_versions(struct chain *chain, size_t at, uint64_t to)
{
    for (size_t i = at; i < chain->count; i++)
        chain->files[i].version = to + (i - at);
}

static void change_version(struct chain *chain, size_t at, enum change change)
{
    struct trust_maker *file = &chain->files[at];
    uint64_t version = file->version;

    if (change == LEFT_OUT)
        shift_versions(chain, at, version + 1);
    else if (change == FORK || change == SAME_AGAIN)
        shift_versions(chain, at, at > 0 ? chain->files[at - 1].version : version);
    else if (change == LOWER_VERSION)
        shift_versions(chain, at, at > 1 ? chain->files[at - 2].version : version);
    file->min_sequence += change == FORK;
}

static void change_roots(struct chain *chain, size_t at, enum change change)
{
    struct trust_maker *file = &chain->files[at];
    bool replaced = change == ROOTS_REPLACED || change == ROOTS_NOT_OLD || change == ROOTS_NOT_NEW;

    if (replaced)
        set_letters(chain, at, "fgh",
                    change == ROOTS_REPLACED  ? "abfg"
                    : change == ROOTS_NOT_OLD ? "fg"
                                              : "ab");
    if (change == ROOT_REVOKED || change == REVOKED_SIGNS) {
        set_letters(chain, at, "bc", change == ROOT_REVOKED ? "bc" : "ac");
        file->revoked = "a";
    }
    for (size_t i = at + 1; i < chain->count && (replaced || file->revoked != NULL); i++) {
        set_letters(chain, i, replaced ? "fgh" : "bc", replaced ? "fg" : "bc");
        chain->files[i].revoked = file->revoked;
    }
}

static void change_signers(struct chain *chain, size_t at, enum change change)
{
    static const char *const signers[CHANGE_COUNT] = {
        [ONE_SIGNER] = "a",        [ONE_SIGNER_TWICE] = "aa", [WRONG_LINE] = "abC",
        [RELEASE_SIGNED] = "de",   [UNKNOWN_SIGNED] = "xyz",  [THRESHOLD_STOLEN] = "a",
        [THRESHOLD_LOWERED] = "ab"};
    struct trust_maker *file = &chain->files[at];

    set_letters(chain, at, NULL, signers[change]);
    if (change == THRESHOLD_LOWERED || change == THRESHOLD_STOLEN)
        file->thresholds[0] = 1;
    if (change == THRESHOLD_RAISED)
        file->thresholds[0] = 3;
    if (change == EXPIRED)
        file->expires = NOW - 1;
}

/* Chains of 1 to 8 further versions, each change at each place. */
static void chains(void **state)
{
    struct tally tally = {0};
    struct ot_error err = {0};
    struct chain chain;

    (void)state;
    for (size_t count = 1; count <= CHAIN_MAX; count++) {
        for (size_t at = 0; at < count; at++) {
            for (int change = 0; change < CHANGE_COUNT; change++) {
                const char *expected, *got;

                good_chain(&chain, count);
                change_version(&chain, at, (enum change)change);
                change_roots(&chain, at, (enum change)change);
                change_signers(&chain, at, (enum change)change);
                expected = expected_chain(&chain);
                got = outcome_of_chain(&chain, &err);
                if (strcmp(got, expected) != 0)
                    fail_msg("%zu files, change %d at %zu: got %s, expected %s: %s", count, change,
                             at, got, expected, err.message);
                note(&tally, expected);
            }
        }
    }
    assert_int_equal(tally.cases, 45 * CHANGE_COUNT);
    assert_in_range(tally.accepted, 200, 600);
}

/* What the rule above says of each change, once in so many words. */
static void chains_by_name(void **state)
{
    static const struct {
        enum change change;
        const char *code;
    } cases[] = {
        {NO_CHANGE, "OK"},
        {LEFT_OUT, OT_E_TRUST},
        {FORK, OT_E_TRUST},
        {SAME_AGAIN, "OK"},
        {LOWER_VERSION, OT_E_ROLLBACK},
        {ONE_SIGNER, OT_E_UNTRUSTED},
        {ONE_SIGNER_TWICE, OT_E_UNTRUSTED},
        {WRONG_LINE, OT_E_SIGNATURE},
        {RELEASE_SIGNED, OT_E_UNTRUSTED},
        {UNKNOWN_SIGNED, OT_E_UNTRUSTED},
        {THRESHOLD_LOWERED, "OK"},
        {THRESHOLD_STOLEN, OT_E_UNTRUSTED},
        {THRESHOLD_RAISED, OT_E_UNTRUSTED},
        {ROOTS_REPLACED, "OK"},
        {ROOTS_NOT_OLD, OT_E_UNTRUSTED},
        {ROOTS_NOT_NEW, OT_E_UNTRUSTED},
        {ROOT_REVOKED, "OK"},
        {REVOKED_SIGNS, OT_E_UNTRUSTED},
        {EXPIRED, "OK"},
    };
    struct ot_error err = {0};
    struct chain chain;

    (void)state;
    assert_int_equal(OT_COUNT(cases), CHANGE_COUNT);
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        good_chain(&chain, 4);
        change_version(&chain, 2, cases[i].change);
        change_roots(&chain, 2, cases[i].change);
        change_signers(&chain, 2, cases[i].change);
        assert_string_equal(outcome_of_chain(&chain, &err), cases[i].code);
    }
    good_chain(&chain, 3);
    change_signers(&chain, 2, EXPIRED);
    assert_string_equal(outcome_of_chain(&chain, &err), OT_E_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(m_of_n),
        cmocka_unit_test(chains),
        cmocka_unit_test(chains_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
