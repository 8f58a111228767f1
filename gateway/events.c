#include "gateway/events.h"

#include "base/instant.h"
#include "base/text.h"

#include <stdlib.h>

struct ot_events {
    struct ot_event *items; /* a ring, by number */
    size_t max;
    uint64_t next;
    void (*added)(void *context);
    void *context;
};

const char *ot_event_kind_name(enum ot_event_kind kind)
{
    static const char *const names[] = {
        [OT_EVENT_START] = "start", [OT_EVENT_READY] = "ready",
        [OT_EVENT_EXIT] = "exit",   [OT_EVENT_SERVING] = "serving",
        [OT_EVENT_SWAP] = "swap",   [OT_EVENT_SWAP_FAILED] = "swap-failed",
        [OT_EVENT_DRAIN] = "drain", [OT_EVENT_UNDRAIN] = "undrain",
        [OT_EVENT_STOP] = "stop",
    };

    return names[kind];
}

struct ot_events *ot_events_new(size_t max)
{
    struct ot_events *events = ot_alloc(1, sizeof(*events));

    events->items = ot_alloc(max, sizeof(*events->items));
    events->max = max;
    events->next = 1;
    return events;
}

void ot_events_free(struct ot_events *events)
{
    if (events == NULL)
        return;
    free(events->items);
    free(events);
}

void ot_events_listen(struct ot_events *events, void (*added)(void *context), void *context)
{
    events->added = added;
    events->context = context;
}

static struct ot_event *slot(const struct ot_events *events, uint64_t number)
{
    return &events->items[number % events->max];
}

void ot_events_add(struct ot_events *events, struct ot_event event, const char *cell,
                   const char *text)
{
    struct ot_event *kept;

    if (events == NULL)
        return;
    kept = slot(events, events->next);
    *kept = event;
    kept->number = events->next++;
    kept->time_ms = ot_wall_ms();
    ot_printable(kept->cell, sizeof(kept->cell), ot_span_of(cell != NULL ? cell : ""));
    ot_printable(kept->text, sizeof(kept->text), ot_span_of(text != NULL ? text : ""));
    if (events->added != NULL)
        events->added(events->context);
}

uint64_t ot_events_next(const struct ot_events *events)
{
    return events->next;
}

uint64_t ot_events_oldest(const struct ot_events *events)
{
    return events->next > events->max ? events->next - events->max : 1;
}

const struct ot_event *ot_events_at(const struct ot_events *events, uint64_t number)
{
    return slot(events, number);
}
