#include "package/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Enough that neither thread waits while the other one loses the processor for a moment. */
#define SLOT_SIZE (256u << 10)
#define SLOTS 32u
/*
 * After so many bytes the kernel is asked to begin writing them to disk, so that the final fsync
 * has little left.
 */
#define FLUSH_EVERY (8u << 20)

struct slot {
    char *data;
    size_t len;
};

struct ot_stream;

/* A background thread that takes every slot in turn: one writes, one hashes. */
struct consumer {
    struct ot_stream *stream;
    int (*take)(struct ot_stream *stream, const struct slot *slot); /* 0, or an errno */
    pthread_t thread;
    bool running;
    uint64_t taken; /* slots, ever; under the lock */
};

enum { WRITER, HASHER, CONSUMERS };

struct ot_stream {
    int fd;
    const char *what;
    uint64_t offset;       /* of the next write; the writer's */
    uint64_t flushed;      /* the writer's */
    struct ot_sha256 hash; /* the hasher's */
    struct consumer consumers[CONSUMERS];
    struct slot slots[SLOTS];
    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t changed;
    uint64_t filled; /* slots handed over, ever */
    bool closed;
    int failed; /* errno of a write */
};

static struct slot *slot_at(struct ot_stream *stream, uint64_t index)
{
    return &stream->slots[index % SLOTS];
}

/* How many slots every consumer is done with; under the lock. */
static uint64_t drained(const struct ot_stream *stream)
{
    uint64_t least = stream->consumers[0].taken;

    for (size_t i = 1; i < CONSUMERS; i++) {
        if (stream->consumers[i].taken < least)
            least = stream->consumers[i].taken;
    }
    return least;
}

static int write_slot(struct ot_stream *stream, const struct slot *slot)
{
    size_t done = 0;

    while (done < slot->len) {
        ssize_t put =
            pwrite(stream->fd, slot->data + done, slot->len - done, (off_t)(stream->offset + done));

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        done += (size_t)put;
    }
    stream->offset += slot->len;
    if (stream->offset - stream->flushed >= FLUSH_EVERY) {
        /* only a hint: where it is not supported the fsync does all the work */
        sync_file_range(stream->fd, (off_t)stream->flushed,
                        (off_t)(stream->offset - stream->flushed), SYNC_FILE_RANGE_WRITE);
        stream->flushed = stream->offset;
    }
    return 0;
}

static int hash_slot(struct ot_stream *stream, const struct slot *slot)
{
    ot_sha256_update(&stream->hash, slot->data, slot->len);
    return 0;
}

static void *consume(void *context)
{
    struct consumer *consumer = context;
    struct ot_stream *stream = consumer->stream;

    pthread_mutex_lock(&stream->lock);
    for (;;) {
        int failed;

        while (consumer->taken == stream->filled && !stream->closed && stream->failed == 0)
            pthread_cond_wait(&stream->changed, &stream->lock);
        if (consumer->taken == stream->filled || stream->failed != 0)
            break;
        pthread_mutex_unlock(&stream->lock);
        failed = consumer->take(stream, slot_at(stream, consumer->taken));
        pthread_mutex_lock(&stream->lock);
        if (failed != 0)
            stream->failed = failed;
        consumer->taken++;
        pthread_cond_broadcast(&stream->changed);
    }
    pthread_mutex_unlock(&stream->lock);
    return NULL;
}

static int start(struct ot_stream *stream, size_t index,
                 int (*take)(struct ot_stream *, const struct slot *), struct ot_error *err)
{
    struct consumer *consumer = &stream->consumers[index];

    consumer->stream = stream;
    consumer->take = take;
    errno = pthread_create(&consumer->thread, NULL, consume, consumer);
    consumer->running = errno == 0;
    if (!consumer->running)
        return ot_fail_errno(err, OT_FAILED, "%s: cannot start a thread", stream->what);
    return 0;
}

int ot_stream_open(struct ot_stream **out, int fd, uint64_t offset, const char *what,
                   struct ot_error *err)
{
    struct ot_stream *stream = ot_alloc(1, sizeof(*stream));

    stream->fd = fd;
    stream->what = what;
    stream->offset = stream->flushed = offset;
    ot_sha256_init(&stream->hash);
    for (size_t i = 0; i < SLOTS; i++)
        stream->slots[i].data = ot_alloc(1, SLOT_SIZE);
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->changed, NULL);
    *out = stream; /* freed by its owner, also after a failure */
    if (start(stream, WRITER, write_slot, err) < 0)
        return -1;
    return start(stream, HASHER, hash_slot, err);
}

static int report(const struct ot_stream *stream, int failed, struct ot_error *err)
{
    errno = failed;
    return ot_fail_errno(err, OT_FAILED, "%s", stream->what);
}

/* Hands the slot being filled to the consumers. */
static void hand_over(struct ot_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->filled++;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
}

/* Waits until the slot to be filled next is free; it is emptied when it is first asked for. */
static int wait_for_slot(struct ot_stream *stream)
{
    int failed;

    pthread_mutex_lock(&stream->lock);
    while (stream->filled - drained(stream) == SLOTS && stream->failed == 0)
        pthread_cond_wait(&stream->changed, &stream->lock);
    failed = stream->failed;
    pthread_mutex_unlock(&stream->lock);
    return failed;
}

int ot_stream_space(struct ot_stream *stream, char **at, size_t *room, struct ot_error *err)
{
    /* `filled` is written by this thread alone, and a slot that is not handed over is its own */
    struct slot *slot = slot_at(stream, stream->filled);
    int failed = wait_for_slot(stream);

    if (failed != 0)
        return report(stream, failed, err);
    if (slot->len == SLOT_SIZE)
        slot->len = 0; /* of the round before: a slot is handed over when it is full */
    *at = slot->data + slot->len;
    *room = SLOT_SIZE - slot->len;
    return 0;
}

void ot_stream_advance(struct ot_stream *stream, size_t len)
{
    struct slot *slot = slot_at(stream, stream->filled);

    slot->len += len;
    if (slot->len == SLOT_SIZE)
        hand_over(stream);
}

int ot_stream_put(struct ot_stream *stream, const void *data, size_t len, struct ot_error *err)
{
    const char *from = data;

    while (len > 0) {
        char *at;
        size_t room;

        if (ot_stream_space(stream, &at, &room, err) < 0)
            return -1;
        if (room > len)
            room = len;
        if (from != NULL)
            memcpy(at, from, room);
        else
            memset(at, 0, room);
        ot_stream_advance(stream, room);
        from = from != NULL ? from + room : NULL;
        len -= room;
    }
    return 0;
}

int ot_stream_zeros(struct ot_stream *stream, size_t len, struct ot_error *err)
{
    return ot_stream_put(stream, NULL, len, err);
}

static void stop(struct ot_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->closed = true;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
    for (size_t i = 0; i < CONSUMERS; i++) {
        if (stream->consumers[i].running)
            pthread_join(stream->consumers[i].thread, NULL);
        stream->consumers[i].running = false;
    }
}

int ot_stream_finish(struct ot_stream *stream, uint8_t digest[OT_SHA256_SIZE], uint64_t *bytes,
                     struct ot_error *err)
{
    char *at;
    size_t room;

    if (ot_stream_space(stream, &at, &room, err) < 0)
        return -1;
    if (room < SLOT_SIZE)
        hand_over(stream);
    stop(stream); /* they take what is left before they end */
    if (stream->failed != 0)
        return report(stream, stream->failed, err);
    *bytes = stream->offset;
    ot_sha256_final(&stream->hash, digest);
    return 0;
}

void ot_stream_cleanup(struct ot_stream **pointer)
{
    struct ot_stream *stream = OT_STEAL(*pointer);

    if (stream == NULL)
        return;
    stop(stream);
    pthread_cond_destroy(&stream->changed);
    pthread_mutex_destroy(&stream->lock);
    for (size_t i = 0; i < SLOTS; i++)
        free(stream->slots[i].data);
    free(stream);
}
