/*
 * How many engine processes there may be at the same time, in all generations together
 * (--max-cells). Who needs one more takes the place of the one that was not used for longest; one
 * that has a request, or is kept, is never stopped for it. It belongs to the control thread, but
 * for what is marked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ot_cell;
struct ot_places;

/* What a cell has of it; zeroed: nothing. */
struct ot_place {
    struct ot_cell *cell;
    struct ot_place *next, *previous;
    enum { OT_PLACE_NONE, OT_PLACE_WAITS, OT_PLACE_TAKEN } state;
};

/* `max` is at least 1. */
struct ot_places *ot_places_new(uint64_t max);
void ot_places_free(struct ot_places *places);

/*
 * A place for a cell that is about to start. False: there is none yet; another cell's process may
 * have been told to end, and ot_cell_place_found is called, in turn, when there is one. With
 * `anyway` there always is.
 */
bool ot_places_enter(struct ot_places *places, struct ot_place *place, struct ot_cell *cell,
                     bool anyway);
/* Its process has ended, or it waits no more. */
void ot_places_leave(struct ot_places *places, struct ot_place *place);
/* A cell may have become idle: looks again whether one that waits can have its place. */
void ot_places_look(struct ot_places *places);
bool ot_places_full(const struct ot_places *places);

/* Any thread: whether somebody waits for a cell to become idle, once for each time that it has come
 * to that. */
bool ot_places_take_wanted(struct ot_places *places);
