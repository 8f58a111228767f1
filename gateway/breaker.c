#include "gateway/breaker.h"

#include "base/instant.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_ERROR_RATE 500 /* thousandths */
#define DEFAULT_WINDOW 20
#define DEFAULT_COOLDOWN_MS 30000
#define WINDOW_MAX 1000
#define PROBE_MS_MIN 10000
#define NONE UINT16_MAX

enum phase {
    CLOSED,
    OPEN,      /* until the cooldown is over, and then until somebody asks */
    HALF_OPEN, /* the next one to ask tries */
    PROBING,   /* one request tries */
};

/* A client with outcomes in the window, in a chain of those whose hash has the same end. */
struct client {
    uint64_t hash;
    uint16_t outcomes, errors;
    uint16_t next; /* NONE: the last; of the chain, or of the unused ones */
};

struct outcome {
    uint16_t client; /* index */
    bool is_error;
};

struct ot_breaker {
    uint64_t error_rate, cooldown_ms, max_requests;
    size_t window;

    _Atomic unsigned phase; /* changed only under the lock */
    pthread_mutex_t lock;
    uint64_t since_ms; /* of OPEN and PROBING */
    int64_t opened_at_ms;
    uint64_t invocations, errors;

    struct outcome *outcomes; /* a ring of `window`, the oldest at `next` once it is full */
    size_t next, count, count_errors;
    struct client *clients; /* `window` of them */
    uint16_t *chains;       /* by the end of the hash */
    size_t chain_mask;
    uint16_t unused;
    size_t client_count, failing_clients;
};

static void clear_window(struct ot_breaker *breaker)
{
    memset(breaker->chains, 0xff, (breaker->chain_mask + 1) * sizeof(*breaker->chains));
    for (size_t i = 0; i < breaker->window; i++)
        breaker->clients[i].next = i + 1 < breaker->window ? (uint16_t)(i + 1) : NONE;
    breaker->unused = 0;
    breaker->next = breaker->count = breaker->count_errors = 0;
    breaker->client_count = breaker->failing_clients = 0;
}

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
    return value != OT_UNSET ? value : otherwise;
}

struct ot_breaker *ot_breaker_new(const struct ot_function_config *config)
{
    struct ot_breaker *breaker = ot_alloc(1, sizeof(*breaker));
    uint64_t window = or_default(config->error_window, DEFAULT_WINDOW);
    size_t chains = 1;

    breaker->error_rate = or_default(config->error_rate_thousandths, DEFAULT_ERROR_RATE);
    breaker->cooldown_ms = or_default(config->cooldown_ms, DEFAULT_COOLDOWN_MS);
    breaker->max_requests = or_default(config->max_requests, 0);
    breaker->window = window < WINDOW_MAX ? window : WINDOW_MAX;
    while (chains < breaker->window)
        chains *= 2;
    breaker->chain_mask = chains - 1;
    breaker->outcomes = ot_alloc(breaker->window, sizeof(*breaker->outcomes));
    breaker->clients = ot_alloc(breaker->window, sizeof(*breaker->clients));
    breaker->chains = ot_alloc(chains, sizeof(*breaker->chains));
    pthread_mutex_init(&breaker->lock, NULL);
    clear_window(breaker);
    return breaker;
}

void ot_breaker_free(struct ot_breaker *breaker)
{
    if (breaker == NULL)
        return;
    pthread_mutex_destroy(&breaker->lock);
    free(breaker->outcomes);
    free(breaker->clients);
    free(breaker->chains);
    free(breaker);
}

/* -- the window -------------------------------------------------------------------------------- */

static bool reaches(const struct ot_breaker *breaker, size_t errors, size_t count)
{
    return errors * 1000 >= breaker->error_rate * count;
}

static uint16_t *chain_of(struct ot_breaker *breaker, uint64_t hash)
{
    return &breaker->chains[hash & breaker->chain_mask];
}

/* Its index, after making an entry for it where there is none. */
static uint16_t client_index(struct ot_breaker *breaker, uint64_t hash)
{
    uint16_t *chain = chain_of(breaker, hash);
    uint16_t i = *chain;

    while (i != NONE && breaker->clients[i].hash != hash)
        i = breaker->clients[i].next;
    if (i != NONE)
        return i;
    i = breaker->unused; /* there is one: every client has an outcome in the window */
    breaker->unused = breaker->clients[i].next;
    breaker->clients[i] = (struct client){.hash = hash, .next = *chain};
    *chain = i;
    breaker->client_count++;
    return i;
}

static void forget_client(struct ot_breaker *breaker, uint16_t i)
{
    uint16_t *link = chain_of(breaker, breaker->clients[i].hash);

    while (*link != i)
        link = &breaker->clients[*link].next;
    *link = breaker->clients[i].next;
    breaker->clients[i].next = breaker->unused;
    breaker->unused = i;
    breaker->client_count--;
}

/* One outcome more (`by` 1) or less (-1) of a client. */
static void count_outcome(struct ot_breaker *breaker, struct outcome outcome, int by)
{
    struct client *client = &breaker->clients[outcome.client];
    bool was_failing = client->outcomes > 0 && reaches(breaker, client->errors, client->outcomes);
    bool is_failing;

    client->outcomes = (uint16_t)(client->outcomes + by);
    client->errors = (uint16_t)(client->errors + (outcome.is_error ? by : 0));
    is_failing = client->outcomes > 0 && reaches(breaker, client->errors, client->outcomes);
    breaker->failing_clients += (size_t)is_failing - (size_t)was_failing;
    breaker->count += (size_t)by;
    breaker->count_errors += outcome.is_error ? (size_t)by : 0;
    if (client->outcomes == 0)
        forget_client(breaker, outcome.client);
}

static void add_outcome(struct ot_breaker *breaker, bool is_error, uint64_t hash)
{
    struct outcome *place = &breaker->outcomes[breaker->next];

    if (breaker->count == breaker->window)
        count_outcome(breaker, *place, -1);
    *place = (struct outcome){client_index(breaker, hash), is_error};
    count_outcome(breaker, *place, 1);
    breaker->next = (breaker->next + 1) % breaker->window;
}

static bool must_open(const struct ot_breaker *breaker)
{
    return breaker->error_rate > 0 && breaker->count == breaker->window &&
           reaches(breaker, breaker->count_errors, breaker->count) &&
           reaches(breaker, breaker->failing_clients, breaker->client_count);
}

/* -- phases ------------------------------------------------------------------------------------ */

static void set_phase(struct ot_breaker *breaker, enum phase phase)
{
    atomic_store_explicit(&breaker->phase, phase, memory_order_release);
}

static enum phase phase_of(struct ot_breaker *breaker)
{
    return atomic_load_explicit(&breaker->phase, memory_order_acquire);
}

static void open_now(struct ot_breaker *breaker, uint64_t now_ms)
{
    breaker->opened_at_ms = (int64_t)ot_wall_ms();
    breaker->since_ms = now_ms;
    set_phase(breaker, OPEN);
}

/* How long others are still refused. */
static uint64_t left_ms(const struct ot_breaker *breaker, enum phase phase, uint64_t now_ms)
{
    uint64_t past = now_ms > breaker->since_ms ? now_ms - breaker->since_ms : 0;
    uint64_t whole = phase == OPEN || phase == PROBING ? breaker->cooldown_ms : 0;

    if (phase == PROBING && whole < PROBE_MS_MIN)
        whole = PROBE_MS_MIN;
    return past < whole ? whole - past : 0;
}

enum ot_admission ot_breaker_admit(struct ot_breaker *breaker, uint64_t now_ms,
                                   uint64_t *retry_after_s)
{
    enum ot_admission admission = OT_OPEN;
    enum phase phase = phase_of(breaker);
    uint64_t left;

    if (phase == CLOSED)
        return OT_ADMITTED;
    pthread_mutex_lock(&breaker->lock);
    phase = phase_of(breaker);
    left = left_ms(breaker, phase, now_ms);
    if (phase == CLOSED) {
        admission = OT_ADMITTED;
    } else if (left == 0) {
        admission = OT_PROBE;
        breaker->since_ms = now_ms;
        set_phase(breaker, PROBING);
    } else {
        /* a probe may be over at any time */
        *retry_after_s = phase == PROBING ? 1 : (left + 999) / 1000;
    }
    pthread_mutex_unlock(&breaker->lock);
    return admission;
}

static void end_probe(struct ot_breaker *breaker, enum ot_outcome outcome, uint64_t now_ms)
{
    if (outcome == OT_OUTCOME_OK) {
        clear_window(breaker);
        set_phase(breaker, CLOSED);
    } else if (outcome == OT_OUTCOME_ERROR) {
        open_now(breaker, now_ms);
    } else {
        set_phase(breaker, HALF_OPEN);
    }
}

void ot_breaker_record(struct ot_breaker *breaker, enum ot_admission admission,
                       enum ot_outcome outcome, uint64_t client, uint64_t now_ms)
{
    bool is_error = outcome == OT_OUTCOME_ERROR;
    enum phase phase;

    pthread_mutex_lock(&breaker->lock);
    phase = phase_of(breaker);
    if (outcome != OT_OUTCOME_UNKNOWN) {
        breaker->invocations++;
        breaker->errors += is_error;
    }
    if (admission == OT_PROBE && phase == PROBING) {
        end_probe(breaker, outcome, now_ms);
    } else if (phase == CLOSED && outcome != OT_OUTCOME_UNKNOWN) {
        add_outcome(breaker, is_error, client);
        if (must_open(breaker))
            open_now(breaker, now_ms);
    }
    pthread_mutex_unlock(&breaker->lock);
}

void ot_breaker_read(struct ot_breaker *breaker, uint64_t now_ms, struct ot_breaker_state *out)
{
    enum phase phase;

    pthread_mutex_lock(&breaker->lock);
    phase = phase_of(breaker);
    *out = (struct ot_breaker_state){
        .invocations = breaker->invocations,
        .errors = breaker->errors,
        .window_count = breaker->count,
        .window_errors = breaker->count_errors,
        .open = left_ms(breaker, phase, now_ms) > 0,
        .opened_at_ms = breaker->opened_at_ms,
        .recycle_recommended =
            breaker->max_requests > 0 && breaker->invocations >= breaker->max_requests,
    };
    pthread_mutex_unlock(&breaker->lock);
}
