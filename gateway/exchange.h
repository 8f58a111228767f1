/*
 * One request on its way through policy to a cell, and its answer on the way back. It does not know
 * which protocol its client speaks: that is its front's business.
 *
 *     front                                exchange
 *     ot_exchange_begin     request   ->   policy, then
 *     want_body             <-             when the cell can take it
 *     ot_exchange_body      body      ->   to the cell
 *     send                  <-   answer    head, body, end
 *     over                  <-             nothing more comes; it can be used again
 */
#pragma once

#include "gateway/generation.h"
#include "gateway/limiter.h"
#include "gateway/refusal.h"
#include "gateway/request_id.h"
#include "gateway/target.h"
#include "gateway/timer.h"

#include <sys/uio.h>

struct ot_exchange;
struct ot_worker;

/* The head of an answer. */
struct ot_answer {
    unsigned status;
    struct ot_span reason;            /* empty: the standard phrase */
    const struct ot_headers *headers; /* the function's; NULL: none */
    struct ot_span lines;             /* ours: "name: value\r\n" each */
    /* Bytes of the body; OT_LENGTH_CHUNKED: not known. For an answer without a body to HEAD it is
     * what GET would have. */
    uint64_t length;
    bool has_body; /* false: for HEAD, 204, 304 */
    bool refuses;  /* our own answer instead of the function's */
    bool closes;   /* the client must not use the connection again */
};

/* Whether a field of the function's answer is passed on: hop-by-hop ones and those that the gateway
 * writes itself are not. */
bool ot_answer_keeps(const struct ot_headers *headers, size_t index);

struct ot_front {
    /*
     * Sends an answer's head (unless NULL), pieces of its body (at most OT_ANSWER_PIECES), and with
     * `end` its end. False: the client takes no more now; ot_exchange_drained is called when it
     * does. What could not be sent has been kept.
     */
    bool (*send)(struct ot_exchange *exchange, const struct ot_answer *head,
                 const struct iovec *pieces, size_t count, bool end);
    /* Sends an interim answer, such as 103, with these fields. */
    void (*interim)(struct ot_exchange *exchange, unsigned status,
                    const struct ot_headers *headers);
    /* Whether the request's body is wanted; what is there already is given at once. */
    void (*want_body)(struct ot_exchange *exchange, bool wanted);
    /* The answer cannot be finished: the client must see that it was cut off. */
    void (*cut)(struct ot_exchange *exchange);
    /* The last call: all of the answer was given to `send`, or it was cut, or the client is gone.
     */
    void (*over)(struct ot_exchange *exchange);
};

#define OT_ANSWER_PIECES 48u

/* Who is at the other end of a connection. */
struct ot_peer {
    struct ot_address address;
    char text[OT_ADDRESS_TEXT];
};

enum ot_phase {
    OT_PHASE_IDLE,
    OT_PHASE_KEYS,   /* waits for the key set */
    OT_PHASE_LINE,   /* waits for a place in a cell */
    OT_PHASE_CELL,   /* waits for a connection to its cell */
    OT_PHASE_HEAD,   /* waits for the answer's head */
    OT_PHASE_BODY,   /* the answer's body streams */
    OT_PHASE_TUNNEL, /* bytes both ways */
};

struct ot_exchange {
    struct ot_worker *worker;
    const struct ot_front *front;
    struct ot_exchange *next, *previous;                 /* of its thread's */
    struct ot_exchange *next_waiting, *previous_waiting; /* of those that wait */
    struct ot_exchange *next_resting, *previous_resting; /* of those that rest */
    struct ot_timer timer;
    struct ot_buf up_head; /* the request's head, as the cell gets it */
    struct ot_buf lines;   /* header lines of the answer */
    struct ot_buf body;    /* of our own answer */
    struct ot_buf scratch; /* for the target */

    /* From here on of one request, cleared when it begins. */
    enum ot_phase phase;
    const struct ot_request *request;
    const struct ot_peer *peer;
    struct ot_view *view;
    struct ot_served_function *function;
    struct ot_function_counters *counters;
    struct ot_waiter *waiter; /* in OT_PHASE_LINE */
    struct ot_cell *cell;     /* where it has a place; NULL: nowhere */
    struct ot_upstream *upstream;
    struct ot_target target;
    struct ot_origin origin;
    enum ot_cors_verdict cors;
    struct ot_limit limit;
    bool is_limited; /* `limit` is set */
    bool is_preflight;
    bool is_admitted; /* by the breaker, as `admission` says */
    enum ot_admission admission;

    bool body_wanted; /* by us, from the front */
    bool body_over;   /* all of the request's body has come */
    bool body_lost;   /* the cell takes no more of it */
    bool head_unsent; /* up_head waits for the first piece of the body */
    bool retried;
    bool is_cut;        /* the answer was broken off */
    bool upstream_full; /* the cell's socket takes no more now */
    bool client_full;   /* the client takes no more now */
    bool rests;         /* its answer is read later (gateway/pacing.h) */

    char id[OT_REQUEST_ID];
    char trace[OT_TRACEPARENT];
    char user[8]; /* its first bytes, for the log */
    size_t user_length;
    uint64_t began_ms;                                       /* wall clock */
    uint64_t began_ns;                                       /* monotonic */
    uint64_t deadline, wait_until, body_until, answer_until; /* of the loop's clock; OT_NEVER */
    uint64_t bytes_in, bytes_out;
    uint64_t rests_until;  /* of the loop's clock */
    uint64_t pieces_until; /* gateway/pacing.c */
    unsigned status;       /* of the answer that was begun; 0: none */
    enum ot_refusal refusal;
};

void ot_exchange_init(struct ot_exchange *exchange, struct ot_worker *worker,
                      const struct ot_front *front);
/* Not while a request is under way. `closed` is called with the timer's handle, whose data is
 * `exchange`. */
void ot_exchange_close(struct ot_exchange *exchange, uv_close_cb closed);

/* `request` and `peer` must live until it is over. */
void ot_exchange_begin(struct ot_exchange *exchange, const struct ot_request *request,
                       const struct ot_peer *peer);
/* The next pieces of the request's body, or of what a tunnel carries; only while they are wanted.
 * `end`: that was all. At most OT_ANSWER_PIECES. */
void ot_exchange_body(struct ot_exchange *exchange, const struct iovec *pieces, size_t count,
                      bool end);
/* The request's body cannot be read: OT_BAD_REQUEST, OT_LENGTH_MISMATCH. */
void ot_exchange_body_failed(struct ot_exchange *exchange, enum ot_refusal why);
/* The client takes more again. */
void ot_exchange_drained(struct ot_exchange *exchange);
/* The client is gone. */
void ot_exchange_gone(struct ot_exchange *exchange);

/* An exchange whose request never was one: counts and logs a refusal of the protocol. */
void ot_exchange_refuse(struct ot_exchange *exchange, const struct ot_peer *peer,
                        enum ot_refusal refusal);

/* Cuts it off: its thread ends, or its generation does. */
void ot_exchange_cut(struct ot_exchange *exchange);
/* Looks again whether what it waits for is there. */
void ot_exchange_retry(struct ot_exchange *exchange);
