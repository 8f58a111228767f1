/* A cell with the real engine: started once for all who want it, replaced when it dies, drained,
 * killed. */
#include "tests/unit/cell_fixture.h"

#include <sys/wait.h>

static const char *const names[] = {"hello", "other"};

static void begin(struct world *world)
{
    world_begin(world, names, OT_COUNT(names));
}

static struct ot_cell_report report_of(struct ot_cell *cell)
{
    struct ot_cell_report report;

    ot_cell_report(cell, &report);
    return report;
}

/* However many want it at the same time, it is started once. */
static void test_single_flight(void **state)
{
    struct client clients[8];
    struct world world;
    struct ot_cell *cell;

    (void)state;
    begin(&world);
    cell = make_cell(&world, "hello", NULL);
    assert_int_equal(ot_cell_state(cell), OT_CELL_IDLE);
    assert_int_equal(report_of(cell).starts, 0);
    for (unsigned i = 0; i < OT_COUNT(clients); i++)
        client_start(&clients[i], &world, cell, "/hello/x?y=1", 20);
    for (unsigned i = 0; i < OT_COUNT(clients); i++) {
        client_end(&clients[i]);
        assert_int_equal(clients[i].answered, 20);
        assert_string_equal(clients[i].body, "https:/hello/x");
    }
    assert_int_equal(report_of(cell).starts, 1);
    assert_int_equal(report_of(cell).crashes, 0);
    assert_int_equal(report_of(cell).state, OT_CELL_READY);
    assert_true(report_of(cell).pid > 0);
    assert_true(report_of(cell).resident_bytes > 1u << 20);
    end_cell(&world, cell);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_flight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
