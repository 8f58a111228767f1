/* Which functions share a cell, and how many processes it has: tables. */
#include "tests/unit/unit.h"

#include "gateway/placement.h"
#include "verify/manifest_reader.h"

#include <stdio.h>

#define MOST 6

struct said {
    const char *name, *cell;
    uint64_t replicas, min_replicas, max_concurrency, max_requests, ttl_s, idle_timeout_s;
    bool warm;
};
#define NOTHING OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, false

static const struct ot_pool_life common = {.idle_ms = 600000, .max_queue = 50};

static void place(const struct said *said, size_t count, enum ot_isolation isolation,
                  struct ot_placement *out)
{
    struct ot_function functions[MOST] = {0};
    const struct ot_manifest manifest = {.functions = functions, .function_count = count};

    for (size_t i = 0; i < count; i++) {
        struct ot_function_config *config = &functions[i].config;

        functions[i].name = said[i].name;
        ot_function_config_init(config);
        snprintf(config->cell, sizeof(config->cell), "%s", said[i].cell);
        config->replicas = said[i].replicas;
        config->min_replicas = said[i].min_replicas;
        config->max_concurrency = said[i].max_concurrency;
        config->max_requests = said[i].max_requests;
        config->ttl_s = said[i].ttl_s;
        config->idle_timeout_s = said[i].idle_timeout_s;
        config->warm = said[i].warm;
    }
    ot_placement_make(&manifest, isolation, &common, 3, out);
}

static void groups(void **state)
{
    static const struct said said[] = {{"a", "z", NOTHING},
                                       {"b", "", NOTHING},
                                       {"c", "z", NOTHING},
                                       {"d", "b", NOTHING}, /* the cell that b has by its name */
                                       {"e", "", NOTHING}};
    static const size_t group_of[] = {0, 1, 0, 1, 2};
    static const char *const names[] = {"z", "b", "e"};
    static const size_t sizes[] = {2, 2, 1};
    struct ot_placement placement;

    (void)state;
    place(said, OT_COUNT(said), OT_ISOLATE_FUNCTION, &placement);
    assert_int_equal(placement.count, 3);
    for (size_t i = 0; i < OT_COUNT(said); i++)
        assert_int_equal(placement.group_of[i], group_of[i]);
    for (size_t i = 0; i < placement.count; i++) {
        assert_string_equal(placement.groups[i].name, names[i]);
        assert_int_equal(placement.groups[i].functions.count, sizes[i]);
    }
    assert_string_equal(placement.groups[1].functions.items[1], "d");
    ot_placement_free(&placement);
}

static void together(void **state)
{
    static const struct said said[] = {
        {"a", "z", NOTHING}, {"b", "", 9, 2, 1, 1, 0, 1, true}, {"c", "z", NOTHING}};
    struct ot_placement placement;
    const struct ot_pool_life *life;

    (void)state;
    place(said, OT_COUNT(said), OT_ISOLATE_NOTHING, &placement);
    assert_int_equal(placement.count, 1);
    assert_string_equal(placement.groups[0].name, "shared");
    assert_int_equal(placement.groups[0].functions.count, 0);
    life = &placement.groups[0].life;
    assert_int_equal(life->replicas, 3);
    assert_int_equal(life->kept, 2);
    assert_int_equal(life->ttl_ms, OT_UNSET);
    assert_int_equal(life->max_concurrency, 0);
    assert_int_equal(life->idle_ms, 600000);
    ot_placement_free(&placement);
    place(said, 0, OT_ISOLATE_NOTHING, &placement);
    assert_int_equal(placement.count, 0);
    ot_placement_free(&placement);
}

static void lives(void **state)
{
    static const struct {
        struct said said;
        struct ot_pool_life life;
    } rows[] = {
        {{"a", "", NOTHING}, {1, 0, 0, 0, OT_UNSET, 600000, 50}},
        {{"a", "", 4, 2, 7, 9, 5, 0, false}, {4, 2, 7, 9, 5000, 0, 50}},
        {{"a", "", OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, 2, true},
         {1, 1, 0, 0, OT_UNSET, 2000, 50}},
        {{"a", "", OT_UNSET, 3, OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, true},
         {3, 3, 0, 0, OT_UNSET, 600000, 50}},
        /* a process for each request: eight at a time */
        {{"a", "", OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, 0, OT_UNSET, false},
         {8, 0, 0, 0, 0, 600000, 50}},
        /* no more are kept than there may be, and there may be 64 */
        {{"a", "", 2, 5, OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, false},
         {2, 2, 0, 0, OT_UNSET, 600000, 50}},
        {{"a", "", OT_UNSET, 1000, OT_UNSET, OT_UNSET, OT_UNSET, OT_UNSET, false},
         {64, 64, 0, 0, OT_UNSET, 600000, 50}},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        struct ot_placement placement;
        const struct ot_pool_life *life, *wanted = &rows[i].life;

        place(&rows[i].said, 1, OT_ISOLATE_FUNCTION, &placement);
        life = &placement.groups[0].life;
        assert_int_equal(life->replicas, wanted->replicas);
        assert_int_equal(life->kept, wanted->kept);
        assert_int_equal(life->max_concurrency, wanted->max_concurrency);
        assert_int_equal(life->max_requests, wanted->max_requests);
        assert_int_equal(life->ttl_ms, wanted->ttl_ms);
        assert_int_equal(life->idle_ms, wanted->idle_ms);
        assert_int_equal(life->max_queue, wanted->max_queue);
        ot_placement_free(&placement);
    }
}

/* A hand-made manifest may let them differ: the smaller number counts, and one that is warm. */
static void differing(void **state)
{
    static const struct said said[] = {{"a", "z", 5, OT_UNSET, 10, OT_UNSET, OT_UNSET, 30, true},
                                       {"b", "z", 3, OT_UNSET, 20, 7, OT_UNSET, 0, false}};
    struct ot_placement placement;
    const struct ot_pool_life *life;

    (void)state;
    place(said, OT_COUNT(said), OT_ISOLATE_FUNCTION, &placement);
    life = &placement.groups[0].life;
    assert_int_equal(life->replicas, 3);
    assert_int_equal(life->kept, 1);
    assert_int_equal(life->max_concurrency, 10);
    assert_int_equal(life->max_requests, 7);
    assert_int_equal(life->idle_ms, 0);
    ot_placement_free(&placement);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups),
        cmocka_unit_test(together),
        cmocka_unit_test(lives),
        cmocka_unit_test(differing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
