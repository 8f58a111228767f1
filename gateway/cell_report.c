/* What other threads ask of a cell. */
#include "gateway/cell_parts.h"

#include "gateway/usage.h"

/* How often a process's memory is looked at. */
#define RESIDENT_MS 1000

const char *ot_cell_exit_name(enum ot_cell_exit why)
{
    static const char *const names[] = {
        [OT_EXIT_NONE] = "none",
        [OT_EXIT_CRASHED] = "crashed",
        [OT_EXIT_CLEAN] = "exited-clean",
        [OT_EXIT_KILLED] = "killed",
        [OT_EXIT_READINESS_TIMEOUT] = "readiness-timeout",
        [OT_EXIT_START_FAILED] = "start-failed",
        [OT_EXIT_DRAINED] = "drained",
        [OT_EXIT_IDLE] = "idle-stopped",
        [OT_EXIT_EVICTED] = "evicted",
        [OT_EXIT_RECYCLED] = "recycled",
        [OT_EXIT_RESTARTED] = "restarted",
        [OT_EXIT_MEMORY] = "memory",
        [OT_EXIT_WEDGED] = "wedged",
    };

    _Static_assert(OT_COUNT(names) == OT_EXIT_COUNT, "a name for each");
    return names[why];
}

static enum ot_cell_answer refuse(const struct ot_cell *cell, uint64_t now_ms,
                                  uint64_t *retry_after_s)
{
    int64_t left = cell->retry_at - (int64_t)now_ms;

    *retry_after_s = left > 1000 ? ((uint64_t)left + 999) / 1000 : 1;
    return OT_CELL_REFUSED;
}

enum ot_cell_answer ot_cell_want(struct ot_cell *cell, uint64_t now_ms, uint64_t *retry_after_s)
{
    int state = atomic_load_explicit(&cell->state, memory_order_acquire);

    if (state == OT_CELL_READY || state == OT_CELL_STARTING)
        return OT_CELL_CONNECT;
    if (state != OT_CELL_IDLE)
        return refuse(cell, now_ms, retry_after_s);
    if (!atomic_compare_exchange_strong(&cell->state, &state, OT_CELL_STARTING))
        return ot_cell_want(cell, now_ms, retry_after_s);
    if (ot_mailbox_post(cell->options.control, ot_cell_start_wanted, cell) < 0) {
        cell->state = OT_CELL_IDLE;
        return refuse(cell, now_ms, retry_after_s);
    }
    return OT_CELL_CONNECT;
}

bool ot_cell_take(struct ot_cell *cell, uint64_t max_concurrency, uint64_t *taken)
{
    uint64_t load;

    if (!ot_load_take(&cell->load, max_concurrency, &load))
        return false;
    *taken = ot_load_taken(load);
    return true;
}

bool ot_cell_give(struct ot_cell *cell, uint64_t now_ms)
{
    uint64_t left;

    atomic_store_explicit(&cell->used_at, (int64_t)now_ms, memory_order_relaxed);
    left = ot_load_give(&cell->load);
    if (ot_load_in_flight(left) > 0)
        return false;
    if (!ot_load_is_open(left) ||
        (cell->options.places != NULL && ot_places_take_wanted(cell->options.places)))
        ot_cell_tell_idle(cell);
    return true;
}

void ot_cell_count_error(struct ot_cell *cell)
{
    atomic_fetch_add_explicit(&cell->errors, 1, memory_order_relaxed);
}

void ot_cell_close(struct ot_cell *cell)
{
    ot_load_close(&cell->load);
}

bool ot_cell_is_open(const struct ot_cell *cell)
{
    return ot_load_is_open(cell->load);
}

uint64_t ot_cell_in_flight(const struct ot_cell *cell)
{
    return ot_load_in_flight(cell->load);
}

uint64_t ot_cell_requests(const struct ot_cell *cell)
{
    return cell->served + ot_cell_taken(cell);
}

uint64_t ot_cell_taken(const struct ot_cell *cell)
{
    return ot_load_taken(cell->load);
}

int64_t ot_cell_ready_at(const struct ot_cell *cell)
{
    return cell->ready_at;
}

int64_t ot_cell_used_at(const struct ot_cell *cell)
{
    return cell->used_at;
}

int64_t ot_cell_retry_at(const struct ot_cell *cell)
{
    return cell->retry_at;
}

uint64_t ot_cell_starts(const struct ot_cell *cell)
{
    return cell->starts;
}

enum ot_cell_exit ot_cell_last_exit(const struct ot_cell *cell)
{
    return (enum ot_cell_exit)cell->last_exit;
}

size_t ot_cell_index(const struct ot_cell *cell)
{
    return cell->options.index;
}

void ot_cell_keep(struct ot_cell *cell, bool kept)
{
    cell->kept = kept;
}

bool ot_cell_is_kept(const struct ot_cell *cell)
{
    return cell->kept;
}

bool ot_cell_is_spent(const struct ot_cell *cell)
{
    unsigned budget = cell->options.backoff.budget;

    return budget > 0 && cell->failures > budget;
}

const char *ot_cell_path(const struct ot_cell *cell)
{
    return cell->socket.path;
}

const char *ot_cell_name(const struct ot_cell *cell)
{
    return cell->name;
}

enum ot_cell_state ot_cell_state(const struct ot_cell *cell)
{
    return (enum ot_cell_state)cell->state;
}

bool ot_cell_was_wedged(const struct ot_cell *cell)
{
    return cell->was_wedged;
}

static uint64_t resident_bytes(pid_t pid)
{
    OT_CLEANUP(ot_usage_close) struct ot_usage usage = OT_USAGE_OF(pid);

    return ot_usage_resident_bytes(&usage);
}

void ot_cell_report(struct ot_cell *cell, struct ot_cell_report *out)
{
    int64_t now = ot_now_ms();
    int64_t seen = cell->resident_at;

    *out = (struct ot_cell_report){.state = ot_cell_state(cell),
                                   .pid = cell->pid,
                                   .starts = cell->starts,
                                   .crashes = cell->crashes,
                                   .over_memory = cell->over_memory,
                                   .wedged = cell->wedged,
                                   .requests = ot_cell_requests(cell),
                                   .errors = cell->errors,
                                   .in_flight = ot_cell_in_flight(cell),
                                   .last_exit = (enum ot_cell_exit)cell->last_exit,
                                   .start_ms = cell->start_ms};
    if (out->pid == 0)
        return;
    out->age_ms = (uint64_t)(now - cell->started_at);
    if ((seen == 0 || now - seen >= RESIDENT_MS) &&
        atomic_compare_exchange_strong(&cell->resident_at, &seen, now))
        cell->resident_bytes = resident_bytes(out->pid);
    out->resident_bytes = cell->resident_bytes;
}
