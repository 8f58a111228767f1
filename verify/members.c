#include "verify/members.h"

#include "verify/member_io.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#define THREADS_MAX 8u
#define BYTES_PER_THREAD (1u << 20) /* less is not worth starting one */
#define STACK_SIZE (256u << 10)

struct task {
    uint64_t size;
    size_t index; /* of the member */
};

struct work {
    const struct ot_source *source;
    struct ot_image *image;
    const struct ot_manifest *manifest;
    const struct task *tasks; /* largest first, so that no thread is left alone with a large one */
    atomic_size_t next;
    atomic_size_t first_bad; /* the lowest faulty member so far */
};

struct worker {
    struct work *work;
    pthread_t thread;
    size_t bad; /* the lowest faulty member that it met, and why */
    struct ot_error err;
};

static int take_member(const struct work *work, const struct ot_member *member,
                       struct ot_error *err)
{
    struct ot_sha256 hash;

    ot_sha256_init(&hash);
    if (ot_source_take(work->source, work->image, member->path, member->offset, member->size, &hash,
                       err) < 0)
        return -1;
    return ot_member_check_digest(member, &hash, err);
}

static void lower_to(atomic_size_t *place, size_t value)
{
    size_t old = atomic_load(place);

    while (value < old && !atomic_compare_exchange_weak(place, &old, value))
        ;
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    struct work *work = worker->work;
    size_t count = work->manifest->member_count;

    for (;;) {
        size_t turn = atomic_fetch_add(&work->next, 1);
        struct ot_error err;
        size_t index;

        if (turn >= count)
            return NULL;
        index = work->tasks[turn].index;
        /* what comes behind a faulty member can no longer change the verdict */
        if (index > atomic_load(&work->first_bad))
            continue;
        /* so this one is lower than any faulty one before it */
        if (take_member(work, &work->manifest->members[index], &err) < 0) {
            worker->bad = index;
            worker->err = err;
            lower_to(&work->first_bad, index);
        }
    }
}

static int compare_tasks(const void *a, const void *b)
{
    const struct task *left = a;
    const struct task *right = b;

    if (left->size != right->size)
        return left->size < right->size ? 1 : -1;
    return (left->index > right->index) - (left->index < right->index);
}

static unsigned thread_count(const struct ot_manifest *manifest, unsigned wanted)
{
    cpu_set_t cpus;
    uint64_t useful = 1 + manifest->payload_size / BYTES_PER_THREAD;

    if (wanted == 0) {
        wanted = 1;
        if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
            wanted = (unsigned)CPU_COUNT(&cpus);
        wanted = wanted < THREADS_MAX ? wanted : THREADS_MAX;
    }
    if (wanted > manifest->member_count)
        wanted = (unsigned)manifest->member_count;
    return wanted < useful ? wanted : (unsigned)useful;
}

/* Starts up to `count` workers; returns how many there are. Fewer only take longer. */
static unsigned start(struct worker *workers, unsigned count)
{
    unsigned started = 0;
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;

    if (pthread_attr_init(&attributes) != 0)
        return 0;
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    /* signals stay with the threads that the caller knows */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < count &&
           pthread_create(&workers[started].thread, &attributes, run, &workers[started]) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

int ot_members_take(const struct ot_source *source, struct ot_image *image,
                    const struct ot_manifest *manifest, unsigned threads, struct ot_error *err)
{
    OT_AUTOFREE struct task *tasks = ot_alloc(manifest->member_count, sizeof(*tasks));
    unsigned count = thread_count(manifest, threads);
    OT_AUTOFREE struct worker *workers = ot_alloc(count, sizeof(*workers));
    struct work work = {.source = source, .image = image, .manifest = manifest, .tasks = tasks};
    const struct worker *first = &workers[0];
    unsigned started;

    for (size_t i = 0; i < manifest->member_count; i++)
        tasks[i] = (struct task){.size = manifest->members[i].size, .index = i};
    qsort(tasks, manifest->member_count, sizeof(*tasks), compare_tasks);
    atomic_init(&work.next, 0);
    atomic_init(&work.first_bad, SIZE_MAX);
    for (unsigned i = 0; i < count; i++) {
        workers[i].work = &work;
        workers[i].bad = SIZE_MAX;
    }
    started = start(workers + 1, count - 1);
    run(&workers[0]);
    for (unsigned i = 1; i <= started; i++) {
        pthread_join(workers[i].thread, NULL);
        if (workers[i].bad < first->bad)
            first = &workers[i];
    }
    if (first->bad == SIZE_MAX)
        return 0;
    *err = first->err;
    return -1;
}
