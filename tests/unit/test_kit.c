/* Kits: what import accepts, and that whatever it refuses changes nothing. */
#include "tests/unit/payload_fixture.h"
#include "tests/unit/trust_maker.h"

#include "package/kit.h"
#include "verify/attestation.h"
#include "verify/pae.h"

#include <stdio.h>

/* a, b: roots; d, e: release; f, g: rebuild. */
static const struct trust_maker first = {
    .version = 1, .thresholds = {1, 1, 0}, .keys = {"a", "d", "f"}, .signers = "a"};
static const struct trust_maker second = {
    .version = 2, .thresholds = {1, 1, 1}, .keys = {"b", "e", "fg"}, .signers = "ab"};
static const struct trust_maker forged = {
    .version = 2, .thresholds = {1, 1, 0}, .keys = {"b", "e", "f"}, .signers = "b"};
static const struct trust_maker other_first = {
    .version = 1, .thresholds = {1, 1, 0}, .keys = {"c", "d", "f"}, .signers = "c"};
static const struct trust_maker third = {
    .version = 3, .thresholds = {1, 1, 0}, .keys = {"b", "e", "f"}, .signers = "b"};
static const struct trust_maker expired = {
    .version = 2, .expires = 1, .thresholds = {1, 1, 0}, .keys = {"b", "e", "f"}, .signers = "ab"};
static const struct trust_maker high = {.version = 2,
                                        .thresholds = {1, 1, 0},
                                        .keys = {"b", "e", "f"},
                                        .min_sequence = 8,
                                        .signers = "ab"};

struct world {
    struct fixture *f;
    char *kit, *into;
    struct ot_list trust, attestations;
};

static char *put(const struct world *world, const char *name, struct ot_span text)
{
    char *path = ot_asprintf("%s/%s", world->f->dir, name);
    struct ot_error err;

    unlink(path);
    assert_succeeds(unit_write_file(path, text, 0644, false, &err), err);
    return path;
}

static void add_trust(struct world *world, const struct trust_maker *maker)
{
    OT_AUTOFREE char *name = ot_asprintf("trust-%zu", world->trust.count);
    OT_AUTOFREE char *path = NULL;
    OT_AUTOBUF struct ot_buf text = {0};

    trust_text(maker, &text);
    path = put(world, name, ot_buf_span(&text));
    ot_list_add(&world->trust, path);
}

/* Of the fixture's manifest, or of another one. */
static void add_attestation(struct world *world, const char *signers, bool other)
{
    OT_AUTOFREE char *name = ot_asprintf("attestation-%zu", world->attestations.count);
    OT_AUTOFREE char *path = NULL;
    OT_AUTOENVELOPE struct ot_envelope envelope = {0};
    OT_AUTOBUF struct ot_buf manifest = {0};
    OT_AUTOBUF struct ot_buf message = {0};
    OT_AUTOBUF struct ot_buf file = {0};
    struct ot_attestation attestation = {
        .name = "made", .version = "1", .onetube = "0.1.0", .esbuild = "0.28.2"};

    maker_manifest(&world->f->maker, &manifest);
    ot_sha256_hex(other ? OT_SPAN("other") : ot_buf_span(&manifest), attestation.manifest_sha256);
    ot_attestation_text(&attestation, &envelope.text);
    ot_pae(OT_IN_TOTO_TYPE, ot_buf_span(&envelope.text), &message);
    trust_sign(signers, ot_buf_span(&message), &envelope.page);
    ot_envelope_write(&envelope, &file);
    path = put(world, name, ot_buf_span(&file));
    ot_list_add(&world->attestations, path);
}

static void begin(struct world *world, struct fixture *f)
{
    *world = (struct world){.f = f};
    world->kit = ot_asprintf("%s/fw.1tube-kit", f->dir);
    world->into = ot_asprintf("%s/installed", f->dir);
}

static void clear(struct world *world)
{
    ot_list_free(&world->trust);
    ot_list_free(&world->attestations);
}

static void end(struct world *world)
{
    clear(world);
    free(world->kit);
    free(world->into);
}

static void write_kit(const struct world *world)
{
    const struct ot_kit_options options = {.payload = world->f->file,
                                           .trust = &world->trust,
                                           .attestations = &world->attestations,
                                           .out = world->kit};
    struct ot_error err;
    uint64_t bytes;

    assert_succeeds(ot_kit_write(&options, &bytes, &err), err);
}

/* "OK", or the code; `keys` are trusted where there is no trust file. */
static const char *import(const struct world *world, const char *keys, const char *first_trust)
{
    static struct ot_error err;
    struct ot_trust trust = trust_in(keys);
    const struct ot_import_options options = {
        .kit = world->kit, .into = world->into, .trust = &trust, .first_trust_file = first_trust};
    struct ot_import_report report = {.attestation_count = 0};
    int done = ot_kit_import(&options, &report, &err);

    ot_import_report_free(&report);
    ot_trust_free(&trust);
    if (done == 0)
        return "OK";
    assert_int_equal(err.kind, OT_REFUSED);
    return err.code;
}

static char *digest_of_installed(const struct world *world)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/%s", world->into, OT_KIT_PAYLOAD);
    OT_AUTOBUF struct ot_buf text = {0};
    char digest[OT_SHA256_HEX] = "none";
    struct ot_error err;

    if (ot_read_file(path, 1u << 20, &text, &err) == 0)
        ot_sha256_hex(ot_buf_span(&text), digest);
    return ot_strdup(digest);
}

static void write_release(struct fixture *f, const char *key, uint64_t sequence)
{
    const char *const keys[] = {key};

    f->maker.keys = keys;
    f->maker.sequence = sequence;
    write_payload(f);
    f->maker.keys = key_a;
}

static void without_trust_files(void **state)
{
    struct fixture *f = *state;
    struct world world;

    begin(&world, f);
    write_payload(f);
    write_kit(&world);
    assert_string_equal(import(&world, "b", NULL), OT_E_UNTRUSTED);
    assert_int_equal(access(world.into, F_OK), -1);
    assert_string_equal(import(&world, "a", NULL), "OK");
    add_attestation(&world, "f", false);
    write_kit(&world);
    assert_string_equal(import(&world, "a", NULL), "OK");
    add_attestation(&world, "f", true);
    write_kit(&world);
    assert_string_equal(import(&world, "a", NULL), OT_E_STATEMENT);
    end(&world);
}

struct chain_case {
    const struct trust_maker *files[3];
    const char *key; /* of the release */
    const char *attested_by;
    const char *code;
};

/* Behind `first`, which is installed. */
static const struct chain_case chain_cases[] = {
    {{&first}, "d", NULL, "OK"},
    {{&first}, "e", NULL, OT_E_UNTRUSTED},
    {{&second}, "e", "f", "OK"},
    {{&first, &second}, "e", "g", "OK"},
    {{&first, &second}, "e", "fg", "OK"},
    {{&first, &second}, "d", "f", OT_E_UNTRUSTED}, /* no longer a release key */
    {{&first, &second}, "e", NULL, OT_E_UNTRUSTED},
    {{&first, &second}, "e", "d", OT_E_UNTRUSTED}, /* no rebuilder */
    {{&first, &second}, "e", "F", OT_E_SIGNATURE},
    {{&first, &second, &third}, "e", NULL, "OK"},
    {{&third}, "e", NULL, OT_E_TRUST},              /* one is left out */
    {{&first, &forged}, "e", NULL, OT_E_UNTRUSTED}, /* not signed by the roots of the first */
    {{&forged}, "e", NULL, OT_E_UNTRUSTED},
    {{&other_first}, "d", NULL, OT_E_TRUST}, /* a fork */
    {{&first, &expired}, "e", NULL, OT_E_EXPIRED},
    {{&first, &high}, "e", NULL, OT_E_ROLLBACK},
    {{NULL}, "d", NULL, OT_E_UNTRUSTED},
};

static void trust_chains(void **state)
{
    struct fixture *f = *state;
    struct world world;

    begin(&world, f);
    for (size_t i = 0; i < OT_COUNT(chain_cases); i++) {
        const struct chain_case *c = &chain_cases[i];
        OT_AUTOFREE char *before = NULL, *after = NULL;
        const char *got;
        struct ot_error err;

        assert_succeeds(ot_remove_tree(AT_FDCWD, world.into, &err), err);
        clear(&world);
        add_trust(&world, &first);
        write_release(f, "d", 6);
        write_kit(&world);
        assert_string_equal(import(&world, "", NULL), OT_E_UNTRUSTED);
        assert_string_equal(import(&world, "", world.trust.items[0]), "OK");
        before = digest_of_installed(&world);
        clear(&world);
        for (size_t k = 0; k < OT_COUNT(c->files) && c->files[k] != NULL; k++)
            add_trust(&world, c->files[k]);
        if (c->attested_by != NULL)
            add_attestation(&world, c->attested_by, false);
        write_release(f, c->key, 7);
        write_kit(&world);
        got = import(&world, "de", NULL);
        after = digest_of_installed(&world);
        if (strcmp(got, c->code) != 0)
            fail_msg("case %zu: %s, expected %s", i, got, c->code);
        if ((strcmp(before, after) != 0) != (strcmp(c->code, "OK") == 0))
            fail_msg("case %zu: installed although refused, or not installed", i);
    }
    end(&world);
}

/* The installed trust file is at version 2: nothing goes back behind it. */
static void no_way_back(void **state)
{
    struct fixture *f = *state;
    struct world world;

    begin(&world, f);
    add_trust(&world, &first);
    add_trust(&world, &second);
    add_attestation(&world, "f", false);
    write_release(f, "e", 7);
    write_kit(&world);
    assert_string_equal(import(&world, "", world.trust.items[0]), "OK");
    clear(&world);
    add_trust(&world, &first);
    write_release(f, "d", 8);
    write_kit(&world);
    assert_string_equal(import(&world, "", NULL), OT_E_ROLLBACK);
    assert_string_equal(import(&world, "", world.trust.items[0]), OT_E_ROLLBACK);
    end(&world);
}

/* A byte of the archive's own is changed, or it is cut or longer: never a kit. */
static void one_spelling(void **state)
{
    struct fixture *f = *state;
    OT_AUTOBUF struct ot_buf good = {0};
    struct world world;
    struct ot_error err;

    begin(&world, f);
    write_payload(f);
    add_trust(&world, &first);
    write_kit(&world);
    assert_succeeds(ot_read_file(world.kit, 1u << 20, &good, &err), err);
    for (size_t at = 0; at < OT_BLOCK; at++) {
        good.data[at] ^= 1;
        free(put(&world, "fw.1tube-kit", ot_buf_span(&good)));
        good.data[at] ^= 1;
        assert_string_equal(import(&world, "a", NULL), OT_E_LAYOUT);
    }
    for (size_t cut = 1; cut < good.len; cut += 511) {
        free(put(&world, "fw.1tube-kit", (struct ot_span){good.data, good.len - cut}));
        assert_string_equal(import(&world, "a", NULL), OT_E_LAYOUT);
    }
    ot_buf_append(&good, (char[OT_BLOCK]){0}, OT_BLOCK);
    free(put(&world, "fw.1tube-kit", ot_buf_span(&good)));
    assert_string_equal(import(&world, "a", NULL), OT_E_LAYOUT);
    assert_int_equal(access(world.into, F_OK), -1);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_trust_files, setup, teardown),
        cmocka_unit_test_setup_teardown(trust_chains, setup, teardown),
        cmocka_unit_test_setup_teardown(no_way_back, setup, teardown),
        cmocka_unit_test_setup_teardown(one_spelling, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
