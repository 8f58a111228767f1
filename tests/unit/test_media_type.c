#include "tests/unit/unit.h"

#include "build/media_type.h"

static void chooses_as_deno_does(void **state)
{
    static const struct {
        const char *content_type, *url;
        const char *loader; /* NULL: none */
    } cases[] = {
        {"application/typescript; charset=utf-8", "https://a/x", "ts"},
        {"application/typescript", "https://a/x.tsx", "tsx"},
        {"video/mp2t", "https://a/x.ts", "ts"},
        {"text/javascript", "https://a/x.ts", "ts"},
        {"TEXT/JavaScript ;q=1", "https://a/x", "js"},
        {"application/javascript", "https://a/x.json", "js"},
        {"application/javascript", "https://a/x.wasm", "js"},
        {"application/javascript", "https://a/x.txt", "js"},
        {"application/json", "https://a/x", "json"},
        {"application/wasm", "https://a/x", "copy"},
        {"text/plain; charset=utf-8", "https://a/x.mts?y=.js", "ts"},
        {"text/plain", "https://a/x", NULL},
        {"text/plain", "https://a/x.md", "text"},
        {NULL, "https://a/x.jsx", "jsx"},
        {NULL, "https://a/", NULL},
        {"text/html", "https://a/x", NULL},
        {"text/html", "https://a/x.ts", NULL},
        {"text/jsx", "https://a/x", "jsx"},
        {"text/tsx", "https://a/x", "tsx"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        const char *loader = ot_media_loader(cases[i].content_type, cases[i].url);

        if (cases[i].loader == NULL)
            assert_null(loader);
        else
            assert_string_equal(loader, cases[i].loader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(chooses_as_deno_does)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
