/* What an SBOM is made of: components of a metafile, licenses, package URLs. */
#include "tests/unit/unit.h"

#include "base/file.h"
#include "build/components.h"
#include "build/license.h"
#include "build/purl.h"
#include "build/vendored.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define ID OT_LICENSE_ID
#define EXPRESSION OT_LICENSE_EXPRESSION
#define NAME OT_LICENSE_NAME

static void licenses(void **state)
{
    static const struct {
        const char *text;
        enum ot_license_kind expected;
    } cases[] = {
        {"MIT", ID},
        {"0BSD", ID},
        {"Zlib", ID},
        {"(MIT)", EXPRESSION},
        {"MIT OR Apache-2.0", EXPRESSION},
        {"(MIT OR (ISC AND Zlib))", EXPRESSION},
        {"Apache-2.0 WITH LLVM-exception", EXPRESSION},
        {"GPL-2.0+", EXPRESSION},
        {" MIT ", EXPRESSION},
        {"", NAME},
        {"mit", NAME},
        {"UNLICENSED", NAME},
        {"SEE LICENSE IN LICENSE", NAME},
        {"MIT OR", NAME},
        {"MIT or ISC", NAME},
        {"MIT ISC", NAME},
        {"(MIT", NAME},
        {"MIT)", NAME},
        {"()", NAME},
        {"+", NAME},
        {"OR", NAME},
        {"MIT OR Proprietary", NAME},
        {"MIT WITH LLVM-exception", EXPRESSION},
        {"MIT WITH my-exception", NAME},
        {"MIT WITH", NAME},
        {"((((((((((((((((MIT))))))))))))))))", EXPRESSION},
        {"(((((((((((((((((MIT)))))))))))))))))", NAME},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        enum ot_license_kind found = ot_license_kind(ot_span_of(cases[i].text));

        if (found != cases[i].expected)
            fail_msg("%s: %d", cases[i].text, found);
    }
}

static void purls(void **state)
{
    OT_AUTOFREE char *plain = ot_purl_npm("zod", "3.23.8");
    OT_AUTOFREE char *scoped = ot_purl_npm("@scope/a_b", "1.0.0-rc.1+b/c");
    OT_AUTOFREE char *bare = ot_purl_npm("odd name", NULL);
    OT_AUTOFREE char *module = ot_purl_download("https://a.example/x/m%20d.ts?v=1&w#f", "00ff");
    OT_AUTOFREE char *folder = ot_purl_download("https://a.example:8443/", NULL);
    OT_AUTOFREE char *nothing = ot_purl_download("https://", NULL);
    OT_AUTOFREE char *generic = ot_purl_generic("onetube", "0.1.0");

    (void)state;
    assert_string_equal(plain, "pkg:npm/zod@3.23.8");
    assert_string_equal(scoped, "pkg:npm/%40scope/a_b@1.0.0-rc.1%2Bb%2Fc");
    assert_string_equal(bare, "pkg:npm/odd%20name");
    assert_string_equal(module, "pkg:generic/m%2520d.ts?checksum=sha256:00ff&download_url="
                                "https://a.example/x/m%2520d.ts%3Fv%3D1%26w%23f");
    assert_string_equal(folder, "pkg:generic/a.example:8443?download_url=https://a.example:8443/");
    assert_string_equal(nothing, "pkg:generic/module?download_url=https://");
    assert_string_equal(generic, "pkg:generic/onetube@0.1.0");
}

/*
 * f imports a, of which nothing is left, and which imports b; g has b in a chunk with f. The
 * files of c are listed with queries and attributes, once with a size.
 */
static const char graph[] =
    "{\"inputs\":{"
    "\"onetube:f\":{\"imports\":[{\"path\":\"f/index.ts\"},{\"path\":\"onetube-shim:paths.js\"}]},"
    "\"onetube:g\":{\"imports\":[{\"path\":\"g/index.ts\"}]},"
    "\"onetube-shim:paths.js\":{\"imports\":[]},"
    "\"f/index.ts\":{\"imports\":[{\"path\":\"node_modules/a/x.js\"}]},"
    "\"g/index.ts\":{\"imports\":[{\"path\":\"node_modules/b/x.js\"},"
    "{\"path\":\"node_modules/c/x.js?raw\"}]},"
    "\"node_modules/a/x.js\":{\"imports\":[{\"path\":\"node_modules/a/y.js\"}]},"
    "\"node_modules/a/y.js\":{\"imports\":[{\"path\":\"node_modules/a/x.js\"},"
    "{\"path\":\"node_modules/b/x.js\"}]},"
    "\"node_modules/b/x.js\":{\"imports\":[{\"path\":\"node_modules/b/y.js\"}]},"
    "\"node_modules/b/y.js\":{\"imports\":[]},"
    "\"node_modules/c/x.js?raw\":{\"imports\":[]},"
    "\"node_modules/c/x.js with { type: 'text' }\":{\"imports\":[]}},"
    "\"outputs\":{"
    "\"dist/functions/f.js\":{\"imports\":[{\"path\":\"dist/chunks/1.js\"}],\"inputs\":{"
    "\"node_modules/a/x.js\":{\"bytesInOutput\":0},\"f/index.ts\":{\"bytesInOutput\":9},"
    "\"onetube-shim:paths.js\":{\"bytesInOutput\":9}}},"
    "\"dist/functions/f.js.map\":{\"imports\":[],\"inputs\":{\"node_modules/a/x.js\":{"
    "\"bytesInOutput\":5}}},"
    "\"dist/functions/g.js\":{\"imports\":[{\"path\":\"dist/chunks/1.js\"}],\"inputs\":{"
    "\"node_modules/c/x.js?raw\":{\"bytesInOutput\":1},"
    "\"node_modules/c/x.js with { type: 'text' }\":{\"bytesInOutput\":1}}},"
    "\"dist/chunks/1.js\":{\"imports\":[],\"inputs\":{\"node_modules/b/y.js\":{\"bytesInOutput\":"
    "7}}}}}";

struct place {
    char *folder;
    struct ot_bundle bundle;
    struct ot_sources sources;
    struct ot_vendored vendored;
    struct ot_components *components;
};

static void put(const struct place *place, const char *file, const char *text)
{
    OT_AUTOCLOSE int root = open(place->folder, O_RDONLY | O_DIRECTORY);
    struct ot_error err;

    assert_succeeds(ot_write_beneath(root, file, ot_span_of(text), &err), err);
}

static void begin(struct place *place)
{
    static struct ot_function_source functions[2];
    static char names[] = "f\0g";
    struct ot_error err;

    *place = (struct place){.folder = unit_make_dir()};
    functions[0].name = names;
    functions[1].name = names + 2;
    place->sources = (struct ot_sources){.items = functions, .count = 2};
    assert_succeeds(ot_metafile_add(&place->bundle.metafile, ot_span_of(graph), "dist/", &err),
                    err);
    ot_metafile_finish(&place->bundle.metafile);
    put(place, "f/index.ts", "f");
    put(place, "g/index.ts", "g");
    put(place, "node_modules/b/x.js", "x");
    put(place, "node_modules/b/y.js", "y");
    put(place, "node_modules/b/package.json", "{\"name\":\"bee\",\"version\":\"1.0.0\"}");
    put(place, "node_modules/c/x.js", "c");
    put(place, "package-lock.json",
        "{\"packages\":{\"node_modules/b\":{\"version\":\"1.0.0\",\"integrity\":"
        "\"sha1-qqqqqqqqqqqqqqqqqqqqqqqqqqo= "
        "sha256-u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7s=?x\"}}}");
}

static void end(struct place *place)
{
    ot_components_free(place->components);
    ot_metafile_free(&place->bundle.metafile);
    unit_remove_dir(place->folder);
}

static void check(const struct ot_component *component, const char *ref, const char *functions,
                  size_t needs, const char *algorithm, bool of_files)
{
    OT_AUTOBUF struct ot_buf joined = {0};

    for (size_t i = 0; i < component->functions.count; i++)
        ot_buf_printf(&joined, "%s", component->functions.items[i]);
    assert_string_equal(component->ref, ref);
    assert_string_equal(joined.data, functions);
    assert_int_equal(component->needs.count, needs);
    assert_string_equal(component->algorithm, algorithm);
    assert_int_equal(component->of_files, of_files);
}

static void components(void **state)
{
    struct place place;
    const struct ot_components *found;
    OT_AUTOBUF struct ot_buf index = {0};
    char digest[OT_SHA256_HEX];
    struct ot_error err;

    (void)state;
    begin(&place);
    assert_succeeds(ot_components_find(&place.bundle, &place.sources, &place.vendored, place.folder,
                                       &place.components, &err),
                    err);
    found = place.components;
    assert_int_equal(found->count, 3);
    check(&found->items[0], "pkg:npm/bee@1.0.0", "fg", 0, "SHA-256", false);
    assert_string_equal(found->items[0].digest, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
                                                "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    check(&found->items[1], "pkg:npm/c", "g", 0, "SHA-256", true);
    ot_sha256_hex(OT_SPAN("c"), digest);
    ot_buf_printf(&index, "%s  x.js\n", digest);
    ot_sha256_hex(ot_buf_span(&index), digest);
    assert_string_equal(found->items[1].digest, digest); /* the file once */
    check(&found->items[2], "pkg:generic/onetube@" OT_VERSION, "f", 0, "SHA-256", true);
    assert_int_equal(found->needs.count, 3);
    assert_string_equal(found->needs.items[1], "pkg:npm/bee@1.0.0");
    assert_int_equal(found->source_count, 2);
    assert_string_equal(found->sources[1].path, "g/index.ts");
    end(&place);
}

static void unreadable_file(void **state)
{
    struct place place;
    OT_AUTOFREE char *path = NULL;
    struct ot_error err;

    (void)state;
    begin(&place);
    path = ot_asprintf("%s/node_modules/c/x.js", place.folder);
    assert_int_equal(remove(path), 0);
    assert_int_equal(ot_components_find(&place.bundle, &place.sources, &place.vendored,
                                        place.folder, &place.components, &err),
                     -1);
    assert_int_equal(err.kind, OT_FAILED);
    assert_non_null(strstr(err.message, "node_modules/c/x.js"));
    end(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(licenses),
        cmocka_unit_test(purls),
        cmocka_unit_test(components),
        cmocka_unit_test(unreadable_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
