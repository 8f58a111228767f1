#include "gateway/places.h"

#include "base/mem.h"
#include "gateway/cell.h"

#include <stdatomic.h>
#include <stdlib.h>

struct row {
    struct ot_place *first, *last;
    uint64_t count;
};

struct ot_places {
    uint64_t max;
    struct row taken;
    struct row waiting; /* the first to be served first */
    _Atomic bool wanted;
};

struct ot_places *ot_places_new(uint64_t max)
{
    struct ot_places *places = ot_alloc(1, sizeof(*places));

    places->max = max;
    return places;
}

void ot_places_free(struct ot_places *places)
{
    free(places);
}

static void append(struct row *row, struct ot_place *place)
{
    place->next = NULL;
    place->previous = row->last;
    if (row->last != NULL)
        row->last->next = place;
    else
        row->first = place;
    row->last = place;
    row->count++;
}

static void take_out(struct row *row, struct ot_place *place)
{
    if (place->previous != NULL)
        place->previous->next = place->next;
    else
        row->first = place->next;
    if (place->next != NULL)
        place->next->previous = place->previous;
    else
        row->last = place->previous;
    row->count--;
}

static void enter(struct ot_places *places, struct ot_place *place)
{
    place->state = OT_PLACE_TAKEN;
    append(&places->taken, place);
}

bool ot_places_full(const struct ot_places *places)
{
    return places->taken.count >= places->max;
}

/* Places that will be free without anybody's doing. */
static uint64_t count_ending(const struct ot_places *places)
{
    uint64_t count = 0;

    for (const struct ot_place *place = places->taken.first; place != NULL; place = place->next)
        count +=
            ot_cell_state(place->cell) == OT_CELL_STOPPING && ot_cell_in_flight(place->cell) == 0;
    return count;
}

static bool may_go(const struct ot_cell *cell)
{
    return !ot_cell_is_kept(cell) && ot_cell_is_open(cell) && ot_cell_in_flight(cell) == 0;
}

/* False: none can go now. */
static bool evict_oldest(struct ot_places *places)
{
    struct ot_cell *oldest = NULL;

    for (struct ot_place *place = places->taken.first; place != NULL; place = place->next) {
        if (may_go(place->cell) &&
            (oldest == NULL || ot_cell_used_at(place->cell) < ot_cell_used_at(oldest)))
            oldest = place->cell;
    }
    return oldest != NULL && ot_cell_end_idle(oldest, OT_EXIT_EVICTED);
}

/* Places that are left, without anybody's doing, once all who wait have theirs. Below 0 also
 * because more cells than there are places for were started ahead of requests. */
static int64_t count_left(const struct ot_places *places)
{
    return (int64_t)(places->max + count_ending(places)) -
           (int64_t)(places->taken.count + places->waiting.count);
}

void ot_places_look(struct ot_places *places)
{
    int64_t left = places->waiting.count > 0 ? count_left(places) : 0;

    while (left < 0 && evict_oldest(places))
        left++;
    places->wanted = left < 0;
    /* one may have become idle just before it could see that it is wanted */
    while (left < 0 && evict_oldest(places))
        left++;
}

bool ot_places_enter(struct ot_places *places, struct ot_place *place, struct ot_cell *cell,
                     bool anyway)
{
    place->cell = cell;
    if (anyway || (!ot_places_full(places) && places->waiting.count == 0)) {
        enter(places, place);
        ot_places_look(places); /* it may have taken what another one waits for */
        return true;
    }
    place->state = OT_PLACE_WAITS;
    append(&places->waiting, place);
    ot_places_look(places);
    return false;
}

void ot_places_leave(struct ot_places *places, struct ot_place *place)
{
    if (place->state == OT_PLACE_WAITS)
        take_out(&places->waiting, place);
    else if (place->state == OT_PLACE_TAKEN)
        take_out(&places->taken, place);
    place->state = OT_PLACE_NONE;
    while (places->waiting.first != NULL && !ot_places_full(places)) {
        struct ot_place *next = places->waiting.first;

        take_out(&places->waiting, next);
        enter(places, next);
        ot_cell_place_found(next->cell);
    }
}

bool ot_places_take_wanted(struct ot_places *places)
{
    return atomic_load(&places->wanted) && atomic_exchange(&places->wanted, false);
}
