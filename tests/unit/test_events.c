/* The ring of events: what is kept, what is forgotten, and what becomes of hostile texts. */
#include "tests/unit/unit.h"

#include "gateway/events.h"

#include <string.h>

static void add(struct ot_events *events, const char *cell)
{
    ot_events_add(events, (struct ot_event){.kind = OT_EVENT_START, .pid = 7}, cell, NULL);
}

static void test_order(void **state)
{
    struct ot_events *events = ot_events_new(3);

    (void)state;
    assert_int_equal(ot_events_oldest(events), ot_events_next(events));
    add(events, "a");
    add(events, "b");
    assert_int_equal(ot_events_oldest(events), 1);
    assert_int_equal(ot_events_next(events), 3);
    assert_string_equal(ot_events_at(events, 1)->cell, "a");
    assert_string_equal(ot_events_at(events, 2)->cell, "b");
    assert_int_equal(ot_events_at(events, 2)->number, 2);
    assert_int_equal(ot_events_at(events, 2)->pid, 7);
    assert_true(ot_events_at(events, 1)->time_ms > 0);
    ot_events_free(events);
}

static void test_oldest_is_forgotten(void **state)
{
    struct ot_events *events = ot_events_new(3);
    const char *const names[] = {"a", "b", "c", "d", "e"};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(names); i++)
        add(events, names[i]);
    assert_int_equal(ot_events_oldest(events), 3);
    assert_int_equal(ot_events_next(events), 6);
    for (uint64_t number = 3; number < 6; number++)
        assert_string_equal(ot_events_at(events, number)->cell, names[number - 1]);
    ot_events_free(events);
}

static void test_texts_are_cut_and_harmless(void **state)
{
    struct ot_events *events = ot_events_new(1);
    char longer[2 * OT_EVENT_TEXT];

    (void)state;
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    ot_events_add(events, (struct ot_event){.kind = OT_EVENT_EXIT}, longer, longer);
    assert_int_equal(strlen(ot_events_at(events, 1)->cell), 63);
    assert_int_equal(strlen(ot_events_at(events, 1)->text), OT_EVENT_TEXT - 1);
    ot_events_add(events, (struct ot_event){.kind = OT_EVENT_EXIT}, "a\033[2J", "b\r\n\xff");
    assert_string_equal(ot_events_at(events, 2)->cell, "a?[2J");
    assert_string_equal(ot_events_at(events, 2)->text, "b???");
    ot_events_free(events);
}

static void count(void *context)
{
    ++*(int *)context;
}

static void test_listener(void **state)
{
    struct ot_events *events = ot_events_new(1);
    int seen = 0;

    (void)state;
    ot_events_listen(events, count, &seen);
    add(events, "a");
    add(events, "b");
    assert_int_equal(seen, 2);
    add(NULL, "nobody keeps it");
    assert_int_equal(seen, 2);
    ot_events_free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_oldest_is_forgotten),
        cmocka_unit_test(test_texts_are_cut_and_harmless),
        cmocka_unit_test(test_listener),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
