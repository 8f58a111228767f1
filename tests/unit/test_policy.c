/* A payload under a trust file: who may release, what is refused, how many must have built it
 * again. */
#include "tests/unit/payload_fixture.h"
#include "tests/unit/trust_maker.h"

#include "verify/attestation.h"
#include "verify/pae.h"
#include "verify/trust_options.h"

#include <ctype.h>

#define NOW 1800000000u
#define OTHER "1997c009256114a58442b3b33645a399602889ce1c5879c39909bc19e3628dc8"

/* Releases are signed by d and e, rebuilds by f, g and h, the file itself by a, b and c. */
static const struct trust_maker base = {
    .version = 4,
    .expires = NOW + 100,
    .thresholds = {2, 1, 0},
    .keys = {"abc", "de", "fgh"},
    .revoked = "xy",
    .signers = "ab",
};

static void manifest_digest(const struct fixture *f, char out[OT_SHA256_HEX])
{
    OT_AUTOBUF struct ot_buf manifest = {0};

    maker_manifest(&f->maker, &manifest);
    ot_sha256_hex(ot_buf_span(&manifest), out);
}

static char *put_trust(const struct fixture *f, const struct trust_maker *maker)
{
    char *path = ot_asprintf("%s/trust.json", f->dir);
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error err;

    trust_text(maker, &text);
    assert_succeeds(unit_write_file(path, ot_buf_span(&text), 0644, false, &err), err);
    return path;
}

/* An attestation file, signed by the letters as trust_sign takes them. */
static char *put_attestation(const struct fixture *f, size_t number, const char *digest,
                             const char *letters)
{
    char *path = ot_asprintf("%s/%zu.intoto.jsonl", f->dir, number);
    struct ot_attestation attestation = {
        .name = "made", .version = "1", .onetube = "0.1.0", .esbuild = "0.28.2"};
    OT_AUTOENVELOPE struct ot_envelope envelope = {.page.count = 0};
    OT_AUTOBUF struct ot_buf message = {0};
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error err;

    memcpy(attestation.manifest_sha256, digest, OT_SHA256_HEX);
    ot_attestation_text(&attestation, &envelope.text);
    ot_pae(OT_IN_TOTO_TYPE, ot_buf_span(&envelope.text), &message);
    trust_sign(letters, ot_buf_span(&message), &envelope.page);
    ot_envelope_write(&envelope, &text);
    assert_succeeds(unit_write_file(path, ot_buf_span(&text), 0644, false, &err), err);
    return path;
}

/* The code, "OK", or "usage". */
static const char *verdict(const struct fixture *f, struct ot_trust_options *options,
                           struct ot_payload **payload, struct ot_error *err)
{
    struct ot_trust trust;
    int done = ot_trust_options_load(options, OT_CONFIG, &trust, err);

    if (done == 0)
        done = ot_payload_open(f->file, &trust, 1, NULL, payload, err);
    ot_trust_free(&trust);
    return done == 0 ? "OK" : err->code != NULL ? err->code : "usage";
}

static void sign_by(struct fixture *f, const char *letters, const char *keys[8])
{
    for (f->maker.key_count = 0; letters[f->maker.key_count] != '\0'; f->maker.key_count++)
        keys[f->maker.key_count] = letters + f->maker.key_count;
    f->maker.keys = keys;
    write_payload(f);
}

/* Each is one change of `base`. */
static void one_rule_each(void **state)
{
    static const struct {
        const char *signed_by, *code;
        struct {
            unsigned release, rebuild;
            uint64_t expires, min_sequence;
            const char *signers, *target, *target_name, *manifest;
        } change;
        const char *trust_target, *revoked;
        uint64_t threshold, min_sequence;
    } rows[] = {
        {.signed_by = "d", .code = "OK"},
        {.signed_by = "de", .code = "OK"},
        {.signed_by = "", .code = OT_E_UNTRUSTED},
        {.signed_by = "z", .code = OT_E_UNTRUSTED},
        {.signed_by = "x", .code = OT_E_UNTRUSTED},
        /* other roles sign no release */
        {.signed_by = "abc", .code = OT_E_UNTRUSTED},
        {.signed_by = "fgh", .code = OT_E_UNTRUSTED},
        {.signed_by = "abcfgh", .code = OT_E_UNTRUSTED},
        {.signed_by = "dA", .code = "OK"},
        {.signed_by = "D", .code = OT_E_SIGNATURE},
        {.signed_by = "dE", .code = OT_E_SIGNATURE},
        /* thresholds: the file's, and a higher one of the command line */
        {.signed_by = "d", .code = OT_E_UNTRUSTED, .change.release = 2},
        {.signed_by = "da", .code = OT_E_UNTRUSTED, .change.release = 2},
        {.signed_by = "de", .code = "OK", .change.release = 2},
        {.signed_by = "d", .code = OT_E_UNTRUSTED, .threshold = 2},
        {.signed_by = "de", .code = "OK", .threshold = 2},
        {.signed_by = "d", .code = OT_E_UNTRUSTED, .change.release = 2, .threshold = 1},
        {.signed_by = "de", .code = "usage", .threshold = 3},
        /* revoked by the operator: in any role */
        {.signed_by = "d", .code = OT_E_UNTRUSTED, .revoked = "d"},
        {.signed_by = "e", .code = "OK", .revoked = "d"},
        {.signed_by = "d", .code = OT_E_UNTRUSTED, .revoked = "a"},
        {.signed_by = "d", .code = "OK", .revoked = "c"},
        /* the file's own signatures */
        {.signed_by = "d", .code = OT_E_UNTRUSTED, .change.signers = "a"},
        {.signed_by = "d", .code = OT_E_UNTRUSTED, .change.signers = "aa"},
        {.signed_by = "d", .code = OT_E_UNTRUSTED, .change.signers = "de"},
        {.signed_by = "d", .code = OT_E_UNTRUSTED, .change.signers = "xy"},
        {.signed_by = "d", .code = OT_E_SIGNATURE, .change.signers = "abC"},
        {.signed_by = "d", .code = "OK", .change.signers = "bc"},
        {.signed_by = "d", .code = "OK", .change.signers = "abcZ"},
        /* time */
        {.signed_by = "d", .code = "OK", .change.expires = NOW},
        {.signed_by = "d", .code = OT_E_EXPIRED, .change.expires = NOW - 1},
        /* the release's sequence is 7 */
        {.signed_by = "d", .code = "OK", .change.min_sequence = 7},
        {.signed_by = "d", .code = OT_E_ROLLBACK, .change.min_sequence = 8},
        {.signed_by = "d", .code = OT_E_ROLLBACK, .min_sequence = 8},
        {.signed_by = "d", .code = OT_E_ROLLBACK, .change.min_sequence = 8, .min_sequence = 1},
        /* a manifest that is revoked: "" stands for this one's */
        {.signed_by = "de", .code = OT_E_POLICY, .change.manifest = ""},
        {.signed_by = "d", .code = "OK", .change.manifest = OTHER},
        /* targets */
        {.signed_by = "d", .code = "OK", .change.target = "edge", .trust_target = "edge"},
        {.signed_by = "d",
         .code = OT_E_POLICY,
         .change = {.target = "edge", .target_name = "shop"},
         .trust_target = "edge"},
        {.signed_by = "d", .code = OT_E_POLICY, .change.target = "edge", .trust_target = "Edge"},
        {.signed_by = "d", .code = "usage", .change.target = "edge"},
        {.signed_by = "d", .code = "usage", .trust_target = "edge"},
        /* a rebuild is demanded, and there is none */
        {.signed_by = "d", .code = OT_E_REBUILD, .change.rebuild = 1},
        {.signed_by = "dfgh", .code = OT_E_REBUILD, .change.rebuild = 1},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
        struct trust_maker maker = base;
        char digest[OT_SHA256_HEX];
        OT_AUTOFREE char *path = NULL;
        struct ot_trust_options options = {.now = NOW, .threshold = 1};
        struct ot_error err = {0};
        const char *keys[8];
        const char *got;

        manifest_digest(f, digest);
        maker.thresholds[1] = rows[i].change.release > 0 ? rows[i].change.release : 1;
        maker.thresholds[2] = rows[i].change.rebuild;
        maker.min_sequence = rows[i].change.min_sequence;
        maker.target = rows[i].change.target;
        maker.target_name = rows[i].change.target_name;
        maker.manifest = rows[i].change.manifest;
        if (maker.manifest != NULL && *maker.manifest == '\0')
            maker.manifest = digest;
        if (rows[i].change.expires > 0)
            maker.expires = rows[i].change.expires;
        if (rows[i].change.signers != NULL)
            maker.signers = rows[i].change.signers;
        path = put_trust(f, &maker);
        sign_by(f, rows[i].signed_by, keys);
        ot_list_add(&options.trust, path);
        options.target = rows[i].trust_target;
        options.min_sequence = rows[i].min_sequence;
        if (rows[i].threshold > 0)
            options.threshold = rows[i].threshold;
        if (rows[i].revoked != NULL) {
            struct maker_key key;
            char hex[65];

            maker_key(rows[i].revoked[0], &key);
            ot_hex(hex, key.public_key.bytes, 32);
            ot_list_add(&options.revoked, hex);
        }
        got = verdict(f, &options, &payload, &err);
        if (strcmp(got, rows[i].code) != 0)
            fail_msg("row %zu: got %s, expected %s: %s", i, got, rows[i].code, err.message);
        ot_list_free(&options.trust);
        ot_list_free(&options.revoked);
    }
}

/* -- k of n rebuilds: every set of three keys, however the signatures are spread over files -- */

enum spread {
    ONE_FILE,    /* all signatures in one */
    OWN_FILES,   /* a file each */
    TWICE,       /* all signatures in one file, and the same file again */
    OF_ANOTHER,  /* of another manifest */
    MIXED,       /* the last key's alone is of another manifest */
    BY_RELEASE,  /* a release key and a root key sign as well */
    ONE_WRONG,   /* the last key's signature is wrong */
    ONE_REVOKED, /* the first key is revoked by the operator */
    SPREAD_COUNT
};

static const char *expected_rebuilds(const char *set, enum spread spread, unsigned threshold)
{
    size_t count = strlen(set);

    if (spread == ONE_WRONG && count > 0)
        return OT_E_SIGNATURE;
    if (spread == OF_ANOTHER)
        count = 0;
    if ((spread == MIXED || spread == ONE_REVOKED) && count > 0)
        count--;
    return count >= threshold ? "OK" : OT_E_REBUILD;
}

static void add_attestation(const struct fixture *f, struct ot_trust_options *options,
                            const char *digest, const char *letters)
{
    OT_AUTOFREE char *path = NULL;

    if (*letters == '\0')
        return;
    path = put_attestation(f, options->attestations.count, digest, letters);
    ot_list_add(&options->attestations, path);
}

static void spread_over_files(const struct fixture *f, struct ot_trust_options *options,
                              const char *set, enum spread spread, const char *digest)
{
    size_t count = strlen(set);
    char letters[16];

    snprintf(letters, sizeof(letters), "%s%s", set, spread == BY_RELEASE ? "da" : "");
    if (spread == ONE_WRONG && count > 0)
        letters[count - 1] = (char)toupper((unsigned char)letters[count - 1]);
    if (spread == OWN_FILES || spread == MIXED) {
        for (size_t i = 0; i < count; i++) {
            char own[2] = {set[i], '\0'};

            add_attestation(f, options, spread == MIXED && i + 1 == count ? OTHER : digest, own);
        }
        return;
    }
    add_attestation(f, options, spread == OF_ANOTHER ? OTHER : digest, letters);
    if (spread == TWICE)
        add_attestation(f, options, digest, letters);
}

static void k_of_n(void **state)
{
    static const char *const sets[] = {"", "f", "g", "h", "fg", "fh", "gh", "fgh"};
    struct fixture *f = *state;
    const char *keys[8];
    char digest[OT_SHA256_HEX];
    size_t cases = 0;

    sign_by(f, "d", keys);
    manifest_digest(f, digest);
    for (unsigned threshold = 0; threshold <= 3; threshold++) {
        struct trust_maker maker = base;
        OT_AUTOFREE char *path = NULL;

        maker.thresholds[2] = threshold;
        path = put_trust(f, &maker);
        for (size_t i = 0; i < OT_COUNT(sets) * SPREAD_COUNT; i++) {
            const char *set = sets[i / SPREAD_COUNT];
            enum spread spread = (enum spread)(i % SPREAD_COUNT);
            OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
            struct ot_trust_options options = {.now = NOW, .threshold = 1};
            struct ot_error err = {0};
            const char *got, *expected = expected_rebuilds(set, spread, threshold);

            ot_list_add(&options.trust, path);
            spread_over_files(f, &options, set, spread, digest);
            if (spread == ONE_REVOKED && *set != '\0') {
                struct maker_key key;
                char hex[65];

                maker_key(set[0], &key);
                ot_hex(hex, key.public_key.bytes, 32);
                ot_list_add(&options.revoked, hex);
            }
            got = verdict(f, &options, &payload, &err);
            if (strcmp(got, expected) != 0)
                fail_msg("%u of 3, \"%s\", spread %d: got %s, expected %s: %s", threshold, set,
                         spread, got, expected, err.message);
            if (payload != NULL && spread == OWN_FILES)
                assert_int_equal(ot_payload_policy(payload)->rebuilders.count, strlen(set));
            ot_list_free(&options.trust);
            ot_list_free(&options.revoked);
            ot_list_free(&options.attestations);
            cases++;
        }
    }
    assert_int_equal(cases, 256);
}

/* What the payload carries on. */
static void what_it_says(void **state)
{
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    struct fixture *f = *state;
    struct trust_maker maker = base;
    struct ot_trust_options options = {.now = NOW, .threshold = 1};
    struct ot_trust trust = trust_in("d");
    OT_AUTOFREE char *path = NULL;
    struct ot_error err = {0};
    const char *keys[8];

    maker.engine = OTHER;
    path = put_trust(f, &maker);
    sign_by(f, "d", keys);
    ot_list_add(&options.trust, path);
    assert_string_equal(verdict(f, &options, &payload, &err), "OK");
    assert_int_equal(ot_payload_policy(payload)->version, 4);
    assert_int_equal(ot_payload_policy(payload)->engines.count, 1);
    assert_string_equal(ot_payload_policy(payload)->engines.items[0], OTHER);
    assert_int_equal(strlen(ot_payload_policy(payload)->sha256), 64);
    ot_payload_free(OT_STEAL(payload));
    assert_succeeds(ot_payload_open(f->file, &trust, 1, NULL, &payload, &err), err);
    assert_null(ot_payload_policy(payload));
    ot_trust_free(&trust);
    ot_list_free(&options.trust);
}

/* What cannot go together, and files that are none. */
static void wrong_use(void **state)
{
    struct fixture *f = *state;
    OT_AUTOFREE char *path = put_trust(f, &base);
    OT_AUTOFREE char *other = ot_asprintf("%s/other.json", f->dir);
    const char *keys[8];
    struct {
        const char *trust, *second, *attestation;
        bool allow_unsigned;
        const char *code;
    } rows[] = {
        {path, NULL, NULL, false, "OK"},
        {path, path, NULL, false, "usage"},
        {path, OTHER, NULL, false, "usage"},
        {OTHER, path, NULL, false, "usage"},
        {path, NULL, NULL, true, "usage"},
        {path, NULL, "/nonexistent", false, "usage"},
        {path, NULL, path, false, OT_E_LAYOUT},
        {OTHER, NULL, path, false, "usage"},
        {"/nonexistent/trust.json", NULL, NULL, false, "usage"},
        {other, NULL, NULL, false, OT_E_TRUST},
    };

    assert_int_equal(symlink("/etc/hostname", other), 0);
    sign_by(f, "d", keys);
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
        struct ot_trust_options options = {
            .now = NOW, .threshold = 1, .allow_unsigned = rows[i].allow_unsigned};
        struct ot_error err = {0};
        const char *got;

        ot_list_add(&options.trust, rows[i].trust);
        if (rows[i].second != NULL)
            ot_list_add(&options.trust, rows[i].second);
        if (rows[i].attestation != NULL)
            ot_list_add(&options.attestations, rows[i].attestation);
        got = verdict(f, &options, &payload, &err);
        if (strcmp(got, rows[i].code) != 0)
            fail_msg("row %zu: got %s, expected %s: %s", i, got, rows[i].code, err.message);
        ot_list_free(&options.trust);
        ot_list_free(&options.attestations);
    }
    /* who may write to it decides what is trusted */
    for (mode_t mode = 0644; mode <= 0666; mode += 2) {
        struct ot_trust_options options = {.now = NOW, .threshold = 1};
        OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
        struct ot_error err = {0};

        assert_int_equal(chmod(path, mode), 0);
        ot_list_add(&options.trust, path);
        assert_string_equal(verdict(f, &options, &payload, &err),
                            (mode & 022) == 0 ? "OK" : "usage");
        ot_list_free(&options.trust);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(one_rule_each),
        test(k_of_n),
        test(what_it_says),
        test(wrong_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
