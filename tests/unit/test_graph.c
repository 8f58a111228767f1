/* Who reaches what, and in which order. */
#include "tests/unit/unit.h"

#include "build/graph.h"

#include <string.h>

/* a -> c -> d -> c (a circle), b -> d, b -> import(e), e -> f */
static const char text[] =
    "{\"inputs\":{"
    "\"a\":{\"imports\":[{\"path\":\"c\"},{\"path\":\"node:fs\",\"external\":true}]},"
    "\"b\":{\"imports\":[{\"path\":\"d\"},{\"path\":\"e\",\"kind\":\"dynamic-import\"}]},"
    "\"c\":{\"imports\":[{\"path\":\"d\"}]},\"d\":{\"imports\":[{\"path\":\"c\"}]},"
    "\"e\":{\"imports\":[{\"path\":\"f\"}]},\"f\":{\"imports\":[]},\"g\":{\"imports\":[]}},"
    "\"outputs\":{}}";

struct fixture {
    struct ot_metafile metafile;
    struct ot_graph graph;
    size_t starts[2];
};

static void begin(struct fixture *fixture)
{
    struct ot_error err = {0};

    memset(fixture, 0, sizeof(*fixture));
    assert_succeeds(ot_metafile_add(&fixture->metafile, ot_span_of(text), "", &err), err);
    ot_metafile_finish(&fixture->metafile);
    ot_graph_open(&fixture->graph, &fixture->metafile.inputs);
    fixture->starts[0] = ot_graph_find(&fixture->graph, "a");
    fixture->starts[1] = ot_graph_find(&fixture->graph, "b");
}

static void end(struct fixture *fixture)
{
    ot_graph_close(&fixture->graph);
    ot_metafile_free(&fixture->metafile);
}

/* The set of each node, as digits: 1 for the first start, 2 for the second. */
static void expect_sets(const struct fixture *fixture, bool dynamic, const char *expected)
{
    OT_AUTOFREE uint64_t *sets = ot_graph_reach(&fixture->graph, fixture->starts, 2, dynamic);
    char found[8] = "";

    for (size_t i = 0; i < 7; i++)
        found[i] = (char)('0' + sets[i]);
    assert_string_equal(found, expected);
}

static void reach(void **state)
{
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    /*                          abcdefg */
    expect_sets(&fixture, true, "1233220");
    expect_sets(&fixture, false, "1233000");
    fixture.starts[0] = OT_NO_NODE;
    expect_sets(&fixture, true, "0222220");
    assert_int_equal(ot_graph_find(&fixture.graph, "node:fs"), OT_NO_NODE);
    end(&fixture);
}

static void expect_order(const struct fixture *fixture, const char *expected)
{
    OT_AUTOFREE size_t *ranks = ot_graph_order(&fixture->graph, fixture->starts, 2);
    char found[8] = "";

    for (size_t i = 0; i < 7; i++)
        found[i] = ranks[i] == OT_NO_NODE ? '-' : (char)('0' + ranks[i]);
    assert_string_equal(found, expected);
}

static void order(void **state)
{
    struct fixture fixture;
    size_t a;

    (void)state;
    begin(&fixture);
    /* d, c, a, then f, e, b */
    expect_order(&fixture, "251043-");
    /* from b first: c, d, f, e, b, a */
    a = fixture.starts[0];
    fixture.starts[0] = fixture.starts[1];
    fixture.starts[1] = a;
    expect_order(&fixture, "540132-");
    end(&fixture);
}

static void many_starts(void **state)
{
    enum { COUNT = 130 };
    OT_AUTOFREE size_t *starts = ot_alloc(COUNT, sizeof(*starts));
    OT_AUTOFREE uint64_t *sets = NULL;
    struct fixture fixture;
    size_t words = OT_BITS_WORDS(COUNT);

    (void)state;
    begin(&fixture);
    for (size_t i = 0; i < COUNT; i++)
        starts[i] = fixture.starts[i % 2];
    sets = ot_graph_reach(&fixture.graph, starts, COUNT, true);
    assert_int_equal(ot_bits_count(&sets[0], words), COUNT / 2);
    assert_true(ot_bits_has(&sets[0], 128));
    assert_false(ot_bits_has(&sets[0], 129));
    assert_int_equal(ot_bits_count(&sets[3 * words], words), COUNT);
    assert_true(ot_bits_empty(&sets[6 * words], words));
    assert_true(ot_bits_meet(&sets[0], &sets[3 * words], words));
    assert_false(ot_bits_meet(&sets[0], &sets[1 * words], words));
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reach),
        cmocka_unit_test(order),
        cmocka_unit_test(many_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
