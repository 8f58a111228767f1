/*
 * What happened in this gateway lately, for `onetube events`: engine processes that start and end,
 * generations, drains. A ring: when it is full the oldest is forgotten. It belongs to the control
 * thread.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <sys/types.h>

enum ot_event_kind {
    OT_EVENT_START,       /* "start": an engine process was started */
    OT_EVENT_READY,       /* "ready": it answers; `ms` after its start */
    OT_EVENT_EXIT,        /* "exit": it ended, or could not be started; `reason`, `text` says how */
    OT_EVENT_SERVING,     /* "serving": the gateway accepts, with its first generation */
    OT_EVENT_SWAP,        /* "swap": another generation serves now */
    OT_EVENT_SWAP_FAILED, /* "swap-failed": the next one was not fit to serve; `text` says why */
    OT_EVENT_DRAIN,       /* "drain": no function is called any more */
    OT_EVENT_UNDRAIN,     /* "undrain": they are again */
    OT_EVENT_STOP,        /* "stop": the gateway stops */
};
const char *ot_event_kind_name(enum ot_event_kind kind);

/* The longest text that is kept, with its final NUL; longer ones are cut. */
#define OT_EVENT_TEXT 256u

struct ot_event {
    enum ot_event_kind kind;
    uint64_t number;     /* 1, 2, 3 ...; given by ot_events_add */
    uint64_t time_ms;    /* since 1970; the same */
    char cell[64];       /* "": it is about none */
    pid_t pid;           /* 0: none */
    uint64_t generation; /* 0: none */
    const char *reason;  /* static; of an exit; else NULL */
    uint64_t ms;
    char text[OT_EVENT_TEXT];
};

struct ot_events;

/* Keeps the last `max`, at least 1. */
struct ot_events *ot_events_new(size_t max);
void ot_events_free(struct ot_events *events);
/* Called behind each ot_events_add. */
void ot_events_listen(struct ot_events *events, void (*added)(void *context), void *context);

/* Keeps a copy of `event`, and of `cell` and `text` (NULL: ""), which become printable ASCII and
 * are cut where they are too long. Nothing happens when `events` is NULL. */
void ot_events_add(struct ot_events *events, struct ot_event event, const char *cell,
                   const char *text);

/* The number that the next event will get. */
uint64_t ot_events_next(const struct ot_events *events);
/* The number of the oldest one that is kept; ot_events_next when there is none. */
uint64_t ot_events_oldest(const struct ot_events *events);
/* One of those that are kept; valid until the next is added. */
const struct ot_event *ot_events_at(const struct ot_events *events, uint64_t number);
