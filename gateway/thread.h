/* What the parts of one gateway thread share; nobody else includes this. */
#pragma once

#include "gateway/client.h"
#include "gateway/http1_response.h"
#include "gateway/timer.h"
#include "gateway/upstream.h"
#include "gateway/worker.h"

/* Bytes that are read at once: of a body, of an answer. */
#define OT_READ_SIZE 65536u

/* What one thread has of a generation. */
struct ot_view {
    struct ot_view *next;
    struct ot_worker *worker;
    struct ot_generation *generation;
    struct ot_counters counters;
    struct ot_upstream_pool *pools; /* one for each cell that there may be, by ot_cell_index */
    size_t pool_count;
    size_t exchanges;      /* that use it */
    struct ot_timer drain; /* set once another one took its place */
};

struct ot_worker {
    struct ot_worker_options options;
    const struct ot_settings *settings;
    pthread_t thread;
    uv_loop_t loop;
    struct ot_mailbox mailbox;
    struct ot_listener *listeners;

    /* The views, the current one first. Written by this thread under the lock, so that others can
     * read counters. */
    pthread_mutex_t views_lock;
    struct ot_view *views;

    struct ot_client *clients; /* all of their connections, doubly linked */
    struct ot_exchange *exchanges;
    struct ot_exchange *waiting; /* those of them that wait for keys, for a cell, or to connect */
    struct ot_resting {
        struct ot_exchange *first, *last;
        size_t count;
    } resting;             /* those of them that rest, the one that did so first in front */
    uint64_t pieces_until; /* gateway/pacing.c */
    size_t refused;        /* of them that are only told that there are too many */
    struct ot_http1_stream *spare_streams;
    size_t spare_stream_count;
    struct ot_http2_stream *spare_http2_streams;
    size_t spare_http2_stream_count;
    struct ot_http2 *dirty;  /* connections that have something to send */
    struct ot_buf http2_out; /* of the one that is being sent */
    uv_prepare_t prepare;    /* while there are such */
    struct ot_timer tick;    /* while exchanges cannot connect to their cells */
    struct ot_timer sweep;   /* while engine connections are idle */
    struct ot_timer flush;   /* while the log has lines to write */
    struct ot_timer rest;    /* while exchanges rest */
    struct ot_timer accept;  /* while there are no descriptors for more connections */
    struct ot_timer stop;

    struct ot_thread_counters counters;
    struct ot_token_cache *tokens;
    struct ot_ids ids;
    struct ot_log *log;
    uint64_t date_s; /* of `date` */
    char date[32];   /* "Sat, 21 Nov 2026 08:00:00 GMT" */
    bool stopping;   /* accepts no more */
    bool is_ending;  /* everything is closed */
    bool was_cut;    /* something had to be */

    /* Where an answer is read and taken apart; never across two events. */
    struct ot_header answer_items[OT_ANSWER_FIELDS_MAX];
    uint8_t answer_fields[OT_ANSWER_FIELDS_MAX];
    char input[OT_READ_SIZE];
};

/* The Date field's value for now (RFC 9110 section 5.6.7). */
const char *ot_worker_date(struct ot_worker *worker);
/* The generation that new requests use; it is held until ot_view_leave. */
struct ot_view *ot_view_enter(struct ot_worker *worker);
void ot_view_leave(struct ot_view *view);
/* The log has something to write, soon. */
void ot_worker_log_soon(struct ot_worker *worker);
/* An exchange could not connect to its cell: it is tried again every few milliseconds. */
void ot_worker_tick_soon(struct ot_worker *worker);
/* A connection or an exchange is over: a thread that stops may be done. */
void ot_worker_check_end(struct ot_worker *worker);
