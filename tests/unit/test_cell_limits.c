/* What a cell may use, and when that is too much: tables. */
#include "tests/unit/unit.h"

#include "gateway/cell_limits.h"
#include "gateway/usage.h"
#include "verify/manifest_reader.h"

#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define NONE OT_UNSET

static void sums(void **state)
{
    static const struct {
        uint64_t memory[2], cpu[2], timeout[2]; /* of two functions */
        struct ot_cell_limits limits;
    } rows[] = {
        /* the defaults are 100 MB, 700 ms and 2000 ms */
        {{64, 36}, {50, 70}, {1000, 9000}, {214 * MIB, 70, 9000}},
        {{64, NONE}, {50, NONE}, {1000, NONE}, {310 * MIB, 700, 2000}},
        {{NONE, NONE}, {NONE, NONE}, {NONE, NONE}, {364 * MIB, 700, 2000}},
        {{INT32_MAX, INT32_MAX}, {1, 0}, {1, 0}, {0, 0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        struct ot_limit_sum sum = {0};
        struct ot_cell_limits limits;

        for (int j = 0; j < 2; j++) {
            struct ot_function_config config;

            ot_function_config_init(&config);
            config.memory_mb = rows[i].memory[j];
            config.cpu_ms = rows[i].cpu[j];
            config.timeout_ms = rows[i].timeout[j];
            ot_limit_sum_add(&sum, &config, 100, 700, 2000);
        }
        limits = ot_limit_sum_end(&sum);
        if (i < 3)
            assert_int_equal(limits.memory_bytes, rows[i].limits.memory_bytes);
        assert_int_equal(limits.cpu_ms, rows[i].limits.cpu_ms);
        assert_int_equal(limits.silence_ms, rows[i].limits.silence_ms);
    }
}

static void one_without_a_limit_frees_all(void **state)
{
    struct ot_limit_sum sum = {0};
    struct ot_function_config config;

    (void)state;
    ot_function_config_init(&config);
    ot_limit_sum_add(&sum, &config, 0, 0, 0);
    config.memory_mb = config.cpu_ms = config.timeout_ms = 100;
    ot_limit_sum_add(&sum, &config, 0, 0, 0);
    assert_int_equal(ot_limit_sum_end(&sum).memory_bytes, 0);
    assert_int_equal(ot_limit_sum_end(&sum).cpu_ms, 0);
    assert_int_equal(ot_limit_sum_end(&sum).silence_ms, 0);
}

/* The limit is 200 MiB, the most 300. */
static void memory(void **state)
{
    static const struct {
        struct {
            uint64_t at_ms, mib;
        } looks[6];
        size_t count;
        enum ot_memory_verdict last; /* and OT_MEMORY_FINE before */
    } rows[] = {
        {{{0, 199}, {1000, 200}, {2000, 200}, {3000, 200}}, 4, OT_MEMORY_FINE},
        {{{0, 301}}, 1, OT_MEMORY_TOO_MUCH},
        {{{0, 50}, {10, 300}, {20, 301}}, 3, OT_MEMORY_TOO_MUCH},
        {{{0, 201}, {1000, 201}, {2000, 201}}, 3, OT_MEMORY_ABOVE},
        {{{0, 201}, {10, 201}, {20, 201}, {30, 201}}, 4, OT_MEMORY_FINE}, /* too close together */
        {{{0, 201}, {10, 250}, {1000, 201}, {1999, 201}, {2010, 201}}, 5, OT_MEMORY_ABOVE},
        {{{0, 201}, {1000, 201}, {2000, 199}, {3000, 201}, {4000, 201}}, 5, OT_MEMORY_FINE},
        {{{0, 201}, {1000, 201}, {1500, 0}, {2000, 201}, {3000, 201}, {4000, 201}},
         6,
         OT_MEMORY_ABOVE},
    };
    const struct ot_cell_limits limits = {.memory_bytes = 200 * MIB};
    const struct ot_cell_limits unlimited = {0};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        struct ot_memory_watch watch = {0}, other = {0};

        for (size_t j = 0; j < rows[i].count; j++) {
            uint64_t bytes = rows[i].looks[j].mib * MIB;
            uint64_t at_ms = rows[i].looks[j].at_ms;
            enum ot_memory_verdict verdict = j + 1 == rows[i].count ? rows[i].last : OT_MEMORY_FINE;

            if (ot_memory_judge(&watch, &limits, bytes, at_ms) != verdict)
                fail_msg("row %zu, look %zu", i, j);
            assert_int_equal(ot_memory_judge(&other, &unlimited, bytes, at_ms), OT_MEMORY_FINE);
        }
    }
}

/* Whoever was told and did nothing is told again. */
static void memory_stays_above(void **state)
{
    const struct ot_cell_limits limits = {.memory_bytes = 200 * MIB};
    struct ot_memory_watch watch = {0};

    (void)state;
    for (uint64_t second = 0; second < 9; second++)
        assert_int_equal(ot_memory_judge(&watch, &limits, 201 * MIB, second * 1000),
                         second < 2 ? OT_MEMORY_FINE : OT_MEMORY_ABOVE);
}

static void when_to_look(void **state)
{
    static const struct {
        uint64_t limit_mib, used_mib, ms;
    } rows[] = {{0, 9999, 1000}, {200, 50, 125},  {200, 280, 10},
                {200, 300, 10},  {200, 5000, 10}, {9000, 50, 1000}};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        const struct ot_cell_limits limits = {.memory_bytes = rows[i].limit_mib * MIB};

        assert_int_equal(ot_memory_next_look(&limits, rows[i].used_mib * MIB), rows[i].ms);
    }
}

static void silence(void **state)
{
    static const struct {
        uint64_t cpu_limit, silence_limit, silent, cpu;
        enum ot_silence verdict;
    } rows[] = {
        {0, 0, 1u << 30, 1u << 30, OT_SILENCE_FINE},
        {0, 2000, 1999, 1999, OT_SILENCE_FINE},
        {0, 2000, 2000, 2000, OT_SILENCE_WEDGED},
        {0, 2000, 2000, 20, OT_SILENCE_WEDGED}, /* on a machine that is busy */
        {0, 2000, 2000, 19, OT_SILENCE_FINE},   /* it hardly ran */
        {0, 2000, 7999, 0, OT_SILENCE_FINE},
        {0, 2000, 8000, 0, OT_SILENCE_WEDGED},
        {50, 2000, 51, 50, OT_SILENCE_FINE},
        {50, 2000, 51, 51, OT_SILENCE_CPU},
        {50, 0, 9000, 40, OT_SILENCE_FINE}, /* waits its turn: no CPU time */
        {50, 0, 9000, 60, OT_SILENCE_CPU},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        const struct ot_cell_limits limits = {.cpu_ms = rows[i].cpu_limit,
                                              .silence_ms = rows[i].silence_limit};

        if (ot_silence_judge(&limits, rows[i].silent, rows[i].cpu) != rows[i].verdict)
            fail_msg("row %zu", i);
    }
}

static void how_often(void **state)
{
    static const struct {
        uint64_t cpu, silence, ms;
    } rows[] = {{0, 0, 250},  {0, 150000, 250}, {0, 400, 50}, {0, 1, 10},
                {100, 0, 25}, {100, 160, 20},   {4, 0, 10},   {5000, 5000, 250}};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(rows); i++) {
        const struct ot_cell_limits limits = {.cpu_ms = rows[i].cpu, .silence_ms = rows[i].silence};

        assert_int_equal(ot_silence_interval(&limits), rows[i].ms);
    }
    assert_false(ot_hogs(19999));
    assert_true(ot_hogs(20000));
    assert_false(ot_silence_asks(9999));
    assert_true(ot_silence_asks(10000));
    assert_false(ot_is_busy(249, 10));
    assert_false(ot_is_busy(1000, 9));
    assert_true(ot_is_busy(250, 10));
}

static void usage(void **state)
{
    struct ot_usage self = OT_USAGE_OF(getpid()), nobody = OT_USAGE_OF(0);
    uint64_t before = ot_usage_thread_us(&self);

    (void)state;
    assert_true(ot_usage_resident_bytes(&self) > MIB / 2);
    assert_true(ot_usage_data_bytes(&self) > MIB / 8);
    assert_int_equal(ot_usage_data_bytes(&nobody), 0);
    while (ot_usage_thread_us(&self) <= before)
        continue; /* it runs */
    assert_int_equal(ot_usage_resident_bytes(&nobody), 0);
    assert_int_equal(ot_usage_thread_us(&nobody), 0);
    ot_usage_close(&self);
    ot_usage_close(&nobody);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums),         cmocka_unit_test(one_without_a_limit_frees_all),
        cmocka_unit_test(memory),       cmocka_unit_test(memory_stays_above),
        cmocka_unit_test(when_to_look), cmocka_unit_test(silence),
        cmocka_unit_test(how_often),    cmocka_unit_test(usage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
