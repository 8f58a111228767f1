/* Modules from the web, many at a time. */
#include "build/vendor_parts.h"

#include "base/fetch.h"
#include "build/url.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT_A_TIME 16u
#define TIMEOUT_MS 60000u
#define CONNECT_TIMEOUT_MS 10000u
#define REDIRECTS_MAX 10u

struct job {
    const char *url;                     /* as it is imported */
    const struct ot_lock_module *locked; /* NULL: not locked, or to be looked up again */
    bool here;                           /* the old folder has it */
    struct ot_fetch_result result;
    int done;
    struct ot_error err;
};

struct jobs {
    struct job *items;
    size_t count;
    atomic_size_t next;
    const char *ca_file;
};

static void *work(void *context)
{
    struct jobs *jobs = context;

    for (;;) {
        size_t index = atomic_fetch_add(&jobs->next, 1);
        struct job *job;

        if (index >= jobs->count)
            return NULL;
        job = &jobs->items[index];
        if (!job->here) {
            const struct ot_fetch_options options = {
                .url = job->locked != NULL ? job->locked->url : job->url,
                .max_bytes = OT_MODULE_MAX,
                .timeout_ms = TIMEOUT_MS,
                .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                .max_redirects = REDIRECTS_MAX,
                .ca_file = jobs->ca_file,
            };

            job->done = ot_fetch(&options, &job->result, &job->err);
        }
    }
}

/* Running programs changes how SIGPIPE is handled, which threads share: it is put back. */
static int run_jobs(struct jobs *jobs, struct ot_error *err)
{
    pthread_t threads[AT_A_TIME];
    size_t count = 0;
    struct sigaction before;
    int failed = 0;

    sigaction(SIGPIPE, NULL, &before);
    while (count < AT_A_TIME && count < jobs->count && failed == 0) {
        failed = pthread_create(&threads[count], NULL, work, jobs);
        count += failed == 0;
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    sigaction(SIGPIPE, &before, NULL);
    return count > 0 || jobs->count == 0 ? 0 : ot_fail(err, OT_FAILED, "cannot start a thread");
}

/* -- what came --------------------------------------------------------------------------------- */

static bool check_hash(struct ot_vendoring *vendoring, const struct job *job, const char *final,
                       const char *digest)
{
    const char *deno = ot_pairs_get(&vendoring->deno.modules, final);

    if (job->locked != NULL && strcmp(job->locked->sha256, digest) != 0) {
        ot_vendor_refuse(vendoring, job->url,
                         "%s: the server sends other bytes (SHA-256 %s) than " OT_LOCK_NAME
                         " has (%s); if that is right: onetube vendor --functions %s --update %s",
                         final, digest, job->locked->sha256, vendoring->shown, job->url);
        return false;
    }
    if (deno != NULL && strcmp(deno, digest) != 0) {
        ot_vendor_refuse(vendoring, job->url,
                         "%s: the server sends other bytes (SHA-256 %s) than deno.lock has (%s)",
                         final, digest, deno);
        return false;
    }
    return true;
}

static int write_module(struct ot_vendoring *vendoring, const char *digest, struct ot_span body,
                        struct ot_error *err)
{
    OT_AUTOFREE char *path = ot_asprintf("https/%s", digest);

    if (faccessat(vendoring->temp.fd, path, F_OK, 0) == 0)
        return 0; /* two modules with the same bytes */
    return ot_write_beneath(vendoring->temp.fd, path, body, err);
}

static int check_limits(const struct ot_lock *lock, struct ot_error *err)
{
    uint64_t total = 0;

    for (size_t i = 0; i < lock->module_count; i++)
        total += lock->modules[i].bytes;
    if (total > OT_MODULES_MAX)
        return ot_fail(err, OT_FAILED, "the modules from the web are larger than %u bytes together",
                       OT_MODULES_MAX);
    if (lock->module_count > OT_LOCK_MODULES_MAX)
        return ot_fail(err, OT_FAILED, "the functions need more than %u modules from the web",
                       OT_LOCK_MODULES_MAX);
    return 0;
}

static int take(struct ot_vendoring *vendoring, struct job *job, struct ot_error *err)
{
    struct ot_lock *lock = &vendoring->next.lock;
    OT_AUTOFREE char *final = NULL;
    const struct ot_lock_module *known;
    char digest[OT_SHA256_HEX];

    if (job->done < 0 && job->err.kind == OT_TOOL) {
        *err = job->err;
        return -1;
    }
    if (job->done < 0) {
        ot_vendor_refuse(vendoring, job->url, "cannot get %s", job->err.message);
        return 0;
    }
    final = ot_url_join(NULL, ot_span_of(job->locked != NULL ? job->locked->url : job->result.url));
    ot_sha256_hex(ot_buf_span(&job->result.body), digest);
    if (!check_hash(vendoring, job, final, digest))
        return 0;
    known = ot_lock_module(lock, final);
    if (known != NULL && strcmp(known->sha256, digest) != 0) {
        ot_vendor_refuse(vendoring, job->url, "%s: the server sent two different modules for it",
                         final);
        return 0;
    }
    ot_lock_put_module(lock, final, ot_buf_span(&job->result.body),
                       job->locked != NULL ? job->locked->content_type : job->result.content_type);
    if (strcmp(final, job->url) != 0)
        ot_pairs_put(&lock->redirects, job->url, final);
    return check_limits(lock, err) < 0 ||
                   write_module(vendoring, digest, ot_buf_span(&job->result.body), err) < 0
               ? -1
               : 0;
}

/* From where each module comes. */
static void plan(struct ot_vendoring *vendoring, struct jobs *jobs)
{
    const struct ot_list *urls = &vendoring->collection.modules;

    jobs->items = ot_alloc(urls->count, sizeof(*jobs->items));
    for (size_t i = 0; i < urls->count; i++) {
        struct job *job = &jobs->items[jobs->count];
        struct ot_error ignored;

        *job = (struct job){.url = urls->items[i]};
        if (!ot_vendor_updates(vendoring, job->url))
            job->locked = ot_lock_module(&vendoring->old.lock, job->url);
        if (job->locked == NULL && vendoring->options->frozen) {
            ot_vendor_refuse(vendoring, job->url,
                             "--frozen: " OT_LOCK_NAME " does not have \"%s\"; lock it: onetube "
                             "vendor --functions %s",
                             job->url, vendoring->shown);
            continue;
        }
        job->here = job->locked != NULL && ot_vendored_load(&vendoring->old, job->locked,
                                                            &job->result.body, &ignored) == 0;
        jobs->count++;
    }
}

int ot_vendor_modules(struct ot_vendoring *vendoring, struct ot_error *err)
{
    struct jobs jobs = {.ca_file = vendoring->options->ca_file};
    int result;

    plan(vendoring, &jobs);
    result = run_jobs(&jobs, err);
    for (size_t i = 0; i < jobs.count; i++) {
        if (result == 0)
            result = take(vendoring, &jobs.items[i], err);
        ot_fetch_result_free(&jobs.items[i].result);
    }
    free(jobs.items);
    return result;
}
