/*
 * Cells with the real engine: a payload of one script under several names, the loop of a control
 * thread (the test's own), and clients in threads of their own that wait for whole answers.
 */
#pragma once

#include "tests/unit/unsigned_dist.h"

#include "gateway/cell.h"
#include "tests/unit/payload_maker.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

/* What takes this long has hung. */
#define HANG_S 60

#define CELL_SCRIPT                                                                                \
    "const wait = (ms) => new Promise((done) => setTimeout(done, ms));\n"                          \
    "export default { async fetch(request) {\n"                                                    \
    "  const { pathname, searchParams, protocol } = new URL(request.url);\n"                       \
    "  const what = pathname.split('/')[2];\n"                                                     \
    "  const count = Number(searchParams.get('n'));\n"                                             \
    "  if (what === 'loop') for (;;);\n"                                                           \
    "  if (what === 'log') for (let i = 0; i < count; i++) console.log('line ' + i);\n"            \
    "  if (what === 'warn') for (let i = 0; i < count; i++) console.warn('warning ' + i);\n"       \
    "  if (what === 'long') console.log('x'.repeat(count));\n"                                     \
    "  if (what === 'slow') {\n"                                                                   \
    "    const { readable, writable } = new TransformStream();\n"                                  \
    "    const writer = writable.getWriter();\n"                                                   \
    "    (async () => { await writer.write(new TextEncoder().encode('first,'));\n"                 \
    "      await wait(count); await writer.write(new TextEncoder().encode('last'));\n"             \
    "      await writer.close(); })();\n"                                                          \
    "    return new Response(readable);\n"                                                         \
    "  }\n"                                                                                        \
    "  return new Response(protocol + pathname);\n"                                                \
    "} };\n"

struct world {
    uv_loop_t loop;
    struct ot_mailbox control;
    struct ot_log *log;
    int log_fd;
    char *dir;
    struct ot_engine_program engine;
    struct ot_payload *payload;
    uv_timer_t guard; /* fails the test when the loop hangs */
    int fds;          /* open before */
};

static inline int count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static inline void on_hang(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happens for %d s", HANG_S);
}

static inline struct ot_payload *make_payload(const char *dir, const char *const *names,
                                              size_t count, struct ot_span script)
{
    OT_AUTOFREE struct maker_file *functions = ot_alloc(count, sizeof(*functions));
    const struct maker maker = {.functions = functions, .function_count = count};

    for (size_t i = 0; i < count; i++)
        functions[i] = (struct maker_file){names[i], script};
    maker_dist(&maker, dir, false);
    return unit_open_unsigned(dir);
}

/* `names` are sorted. */
static inline void world_begin(struct world *world, const char *const *names, size_t count)
{
    struct ot_error err;
    glob_t found;

    memset(world, 0, sizeof(*world));
    signal(SIGPIPE, SIG_IGN);
    /* the first loop of a process opens what it never closes */
    assert_int_equal(uv_loop_init(&world->loop), 0);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    world->fds = count_fds();
    world->dir = unit_make_dir();
    assert_int_equal(glob("node_modules/@cloudflare/workerd-linux-*/bin/workerd", 0, NULL, &found),
                     0);
    assert_succeeds(ot_engine_program_open(&world->engine, found.gl_pathv[0], &err), err);
    globfree(&found);
    world->payload = make_payload(world->dir, names, count, OT_SPAN(CELL_SCRIPT));
    assert_int_equal(uv_loop_init(&world->loop), 0);
    assert_succeeds(ot_mailbox_open(&world->control, &world->loop, world, &err), err);
    world->log_fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(world->log_fd >= 0);
    world->log = ot_log_new(world->log_fd, OT_LOG_TEXT);
    uv_timer_init(&world->loop, &world->guard);
    uv_timer_start(&world->guard, on_hang, HANG_S * 1000, 0);
}

/* The payload may be gone already (NULL). Nothing may be left open. */
static inline void world_end(struct world *world)
{
    ot_mailbox_close(&world->control);
    uv_close((uv_handle_t *)&world->guard, NULL);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    ot_log_free(world->log);
    close(world->log_fd);
    ot_payload_free(world->payload);
    unit_remove_dir(world->dir);
    ot_engine_program_close(&world->engine);
    assert_int_equal(count_fds(), world->fds);
}

/* All that was logged so far; the caller frees. */
static inline char *world_log(struct world *world)
{
    struct ot_buf text = {0};
    struct ot_error err;

    ot_log_flush(world->log);
    assert_int_equal(lseek(world->log_fd, 0, SEEK_SET), 0);
    assert_succeeds(ot_read_fd(world->log_fd, 64u << 20, &text, "log", &err), err);
    return text.data != NULL ? text.data : ot_strdup("");
}

static inline void run_once(struct world *world)
{
    uv_timer_start(&world->guard, on_hang, HANG_S * 1000, 0);
    uv_run(&world->loop, UV_RUN_ONCE);
}

#define run_until(world, condition)                                                                \
    while (!(condition))                                                                           \
    run_once(world)

static inline struct ot_cell_options cell_options(struct world *world, const char *name)
{
    return (struct ot_cell_options){.name = name,
                                    .payload = world->payload,
                                    .program = &world->engine,
                                    .start_timeout_ms = HANG_S * 1000,
                                    .drain_ms = HANG_S * 1000,
                                    .backoff = OT_BACKOFF_DEFAULT,
                                    .loop = &world->loop,
                                    .control = &world->control,
                                    .log = world->log,
                                    .log_format = OT_LOG_TEXT};
}

/* A cell of one function, reached directly; `change` may be NULL. */
static inline struct ot_cell *make_cell(struct world *world, const char *name,
                                        void (*change)(struct ot_cell_options *options))
{
    struct ot_cell_options options = cell_options(world, name);
    OT_AUTOLIST struct ot_list functions = {0};
    struct ot_cell *cell = NULL;
    struct ot_error err;

    ot_list_add(&functions, name);
    options.functions = &functions;
    options.direct = true;
    if (change != NULL)
        change(&options);
    assert_succeeds(ot_cell_new(&options, &cell, &err), err);
    return cell;
}

static inline void on_stopped(struct ot_cell *cell, void *context)
{
    ot_cell_free(cell);
    *(bool *)context = true;
}

/* Stops and frees it. */
static inline void end_cell(struct world *world, struct ot_cell *cell)
{
    bool stopped = false;

    ot_cell_stop(cell, on_stopped, &stopped);
    run_until(world, stopped);
}

/* -- clients -- */

enum { REFUSED = -1, BROKEN = -2, HUNG = -3 };

/* A status, or BROKEN: closed before a whole answer, or HUNG. `begun` is set at the first byte of
 * the body. */
static inline int http_get(const char *path, const char *target, char *body, size_t size,
                           _Atomic bool *begun)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = HANG_S};
    OT_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    OT_AUTOBUF struct ot_buf answer = {0};
    OT_AUTOFREE char *request =
        ot_asprintf("GET %s HTTP/1.1\r\nHost: h\r\n" OT_ENGINE_PROTO_HEADER ": https\r\n"
                    "X-1tube-Auth-User: u\r\nConnection: close\r\n\r\n",
                    target);
    const char *head_end = NULL;
    ssize_t got;

    snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
        write(fd, request, strlen(request)) < 0)
        return BROKEN;
    while ((got = read(fd, ot_buf_reserve(&answer, 4096), 4096)) > 0) {
        answer.len += (size_t)got;
        answer.data[answer.len] = '\0';
        head_end = strstr(answer.data, "\r\n\r\n");
        if (begun != NULL && head_end != NULL && head_end[4] != '\0')
            *begun = true;
    }
    if (got < 0)
        return errno == EAGAIN ? HUNG : BROKEN;
    if (head_end == NULL || strncmp(answer.data, "HTTP/1.1 ", 9) != 0)
        return BROKEN;
    if (strstr(answer.data, "chunked") != NULL && strstr(head_end, "\r\n0\r\n\r\n") == NULL)
        return BROKEN;
    snprintf(body, size, "%s", head_end + 4);
    return (answer.data[9] - '0') * 100 + (answer.data[10] - '0') * 10 + answer.data[11] - '0';
}

struct client {
    pthread_t thread;
    struct world *world;
    struct ot_cell *cell;
    const char *target;
    unsigned times;      /* requests, one after another */
    _Atomic bool enough; /* no more of them */
    unsigned asked, refused, broken, hung;
    _Atomic unsigned answered;
    int status; /* of the last one */
    char body[256];
    _Atomic bool begun, done;
};

static inline void wake(void *context, void *argument)
{
    (void)context;
    ((struct client *)argument)->done = true;
}

static inline void *client_main(void *argument)
{
    struct client *client = argument;
    const struct timespec pause = {.tv_nsec = 1000000};

    for (unsigned i = 0; i < client->times && !client->enough; i++) {
        uint64_t retry = 0;
        enum ot_cell_answer answer = ot_cell_want(client->cell, (uint64_t)ot_now_ms(), &retry);

        client->status = answer == OT_CELL_CONNECT
                             ? http_get(ot_cell_path(client->cell), client->target, client->body,
                                        sizeof(client->body), &client->begun)
                             : REFUSED;
        client->asked++;
        client->answered += client->status == 200;
        client->refused += client->status == REFUSED && retry > 0;
        client->broken += client->status == BROKEN;
        client->hung += client->status == HUNG;
        if (client->status == REFUSED)
            nanosleep(&pause, NULL);
    }
    ot_mailbox_post(&client->world->control, wake, client);
    return NULL;
}

static inline void client_start(struct client *client, struct world *world, struct ot_cell *cell,
                                const char *target, unsigned times)
{
    memset(client, 0, sizeof(*client));
    client->world = world;
    client->cell = cell;
    client->target = target;
    client->times = times;
    assert_int_equal(pthread_create(&client->thread, NULL, client_main, client), 0);
}

/* Runs the loop until it is done. */
static inline void client_end(struct client *client)
{
    run_until(client->world, client->done);
    pthread_join(client->thread, NULL);
    assert_int_equal(client->hung, 0);
}

/* One request; its body in `client`. */
static inline int get(struct client *client, struct world *world, struct ot_cell *cell,
                      const char *target)
{
    client_start(client, world, cell, target, 1);
    client_end(client);
    return client->status;
}
