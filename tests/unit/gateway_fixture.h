/*
 * One gateway thread on a loopback port, in front of cells with the real engine; their control
 * thread; and clients that write bytes and read whole answers.
 */
#pragma once

#include "tests/unit/cell_fixture.h"

#include "gateway/worker.h"

#include <netinet/in.h>
#include <semaphore.h>

/* Functions: "closed", "open" (public) and "short" (public, with a deadline of 300 ms). */
#define GATEWAY_SCRIPT                                                                             \
    "const seen = { runs: 0, signals: 0, cancels: 0, made: 0, closes: 0 };\n"                      \
    "let released = 0;\n"                                                                          \
    "const bytes = (text) => new TextEncoder().encode(text);\n"                                    \
    "const wait = (ms) => new Promise((done) => setTimeout(done, ms));\n"                          \
    "// Another request lets it go on; each looks for itself, since requests share no promises.\n" \
    "async function held() {\n"                                                                    \
    "  for (const before = released; released === before;) await wait(2);\n"                       \
    "}\n"                                                                                          \
    "async function answer(request, what, url) {\n"                                                \
    "  const n = Number(url.searchParams.get('n'));\n"                                             \
    "  if (what === 'seen') return Response.json(seen);\n"                                         \
    "  seen.runs++;\n"                                                                             \
    "  if (what === 'headers') return Response.json([...request.headers]);\n"                      \
    "  if (what === 'url') return new Response(request.url);\n"                                    \
    "  if (what === 'echo') return new Response(request.body);\n"                                  \
    "  if (what === 'length') return new Response(String((await request.text()).length));\n"       \
    "  if (what === 'early') return new Response('early');\n"                                      \
    "  if (what === 'ignore') { await held(); return new Response('ignored'); }\n"                 \
    "  if (what === 'status') return new Response(null, { status: n });\n"                         \
    "  if (what === 'fields') return new Response('x', { headers: { 'X-1tube-Invocation-Id': "     \
    "'mine',\n"                                                                                    \
    "    Date: 'mine', 'Set-Cookie': 'a=b' } });\n"                                                \
    "  if (what === 'release') { released++; return new Response('released'); }\n"                 \
    "  if (what === 'hang') { request.signal.addEventListener('abort', () => seen.signals++);\n"   \
    "    await wait(100000); }\n"                                                                  \
    "  if (what === 'two') return new Response(new ReadableStream({ async start(to) {\n"           \
    "    to.enqueue(bytes('first')); await held(); to.enqueue(bytes('last')); to.close(); } "      \
    "}));\n"                                                                                       \
    "  if (what === 'endless') return new Response(new ReadableStream({ pull(to) {\n"              \
    "    seen.made += 65536; to.enqueue(new Uint8Array(65536)); },\n"                              \
    "    cancel() { seen.cancels++; } }));\n"                                                      \
    "  if (what === 'drip') return new Response(new ReadableStream({ async pull(to) {\n"           \
    "    await wait(5); to.enqueue(bytes('x')); },\n"                                              \
    "    cancel() { seen.cancels++; } }));\n"                                                      \
    "  if (what === 'ws') { const [theirs, ours] = Object.values(new WebSocketPair());\n"          \
    "    ours.accept(); ours.addEventListener('message', (event) => ours.send(event.data));\n"     \
    "    ours.addEventListener('close', (e) => { seen.closes++; ours.close(e.code); });\n"         \
    "    return new Response(null, { status: 101, webSocket: theirs }); }\n"                       \
    "  return new Response(request.method + ' ' + url.pathname + url.search);\n"                   \
    "}\n"                                                                                          \
    "export default { async fetch(request) {\n"                                                    \
    "  const url = new URL(request.url);\n"                                                        \
    "  return answer(request, url.pathname.split('/')[2], url);\n"                                 \
    "} };\n"

struct gateway {
    struct world world;
    struct ot_settings settings;
    struct ot_cors *cors;
    struct ot_connections *connections;
    struct ot_generation *generation;
    struct ot_worker *worker;
    pthread_t control;
    sem_t done;
    int listener;
    unsigned port;
    _Atomic unsigned wanted_keys;
    sem_t held, release; /* of /hold */
};

static inline void *gateway_control(void *argument)
{
    struct gateway *gateway = argument;

    uv_run(&gateway->world.loop, UV_RUN_DEFAULT);
    return NULL;
}

static inline struct ot_payload *gateway_payload(const char *dir)
{
    static const struct maker_file functions[] = {
        {"closed", {GATEWAY_SCRIPT, sizeof(GATEWAY_SCRIPT) - 1}},
        {"open", {GATEWAY_SCRIPT, sizeof(GATEWAY_SCRIPT) - 1}},
        {"short", {GATEWAY_SCRIPT, sizeof(GATEWAY_SCRIPT) - 1}}};
    static const char *const configs[] = {"{}", "{\"public\":true}",
                                          "{\"public\":true,\"timeoutMs\":300}"};
    const struct maker maker = {.functions = functions,
                                .function_count = 3,
                                .configs = configs,
                                .flags = "\"enable_request_signal\""};

    maker_dist(&maker, dir, false);
    return unit_open_unsigned(dir);
}

static inline void gateway_settings(struct gateway *gateway)
{
    static const struct ot_list none;
    const struct ot_cors_options cors = {.origins = &none,
                                         .allow_headers = &none,
                                         .allow_methods = &none,
                                         .expose_headers = &none,
                                         .max_age = OT_CORS_NO_MAX_AGE,
                                         .dev = true};
    const struct ot_auth_options auth = {.jwt_secret = "a secret of this test, 32 bytes long"};
    struct ot_error err;

    gateway->settings = (struct ot_settings){.prefix = "/functions/v1",
                                             .body_max = 1 << 20,
                                             .header_ms = HANG_S * 1000,
                                             .body_idle_ms = HANG_S * 1000,
                                             .keepalive_ms = HANG_S * 1000,
                                             .timeout_ms = HANG_S * 1000,
                                             .stream_idle_ms = HANG_S * 1000,
                                             .websocket_idle_ms = HANG_S * 1000,
                                             .target_max = 2048,
                                             .head_max = 16384,
                                             .headers_max = 64,
                                             .connections_max = 64,
                                             .default_rpm = 1000000,
                                             .rate_limit = true,
                                             .log_format = OT_LOG_JSON,
                                             .drain_ms = HANG_S * 1000,
                                             .retry_ms = HANG_S * 1000,
                                             .queue_max = 1000,
                                             .cached_tokens = 16};
    assert_succeeds(ot_cors_make(&cors, &gateway->cors, &err), err);
    assert_succeeds(ot_auth_make(&auth, &gateway->settings.auth, &err), err);
    gateway->settings.cors = gateway->cors;
    gateway->settings.limiter = ot_limiter_new(1024);
}

static inline struct ot_generation *gateway_generation(struct gateway *gateway,
                                                       struct ot_payload *payload)
{
    static const struct ot_list env;
    const struct ot_generation_options options = {.settings = &gateway->settings,
                                                  .env = &env,
                                                  .program = &gateway->world.engine,
                                                  .start_timeout_ms = HANG_S * 1000,
                                                  .backoff = OT_BACKOFF_DEFAULT,
                                                  .loop = &gateway->world.loop,
                                                  .control = &gateway->world.control,
                                                  .log = gateway->world.log,
                                                  .number = 1};
    struct ot_generation *generation;
    struct ot_error err;

    assert_succeeds(ot_generation_new(payload, &options, &generation, &err), err);
    return generation;
}

static inline void gateway_listen(struct gateway *gateway)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(at);

    gateway->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(gateway->listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(gateway->listener, 64), 0);
    assert_int_equal(getsockname(gateway->listener, (struct sockaddr *)&at, &length), 0);
    gateway->port = ntohs(at.sin_port);
}

static inline void gateway_want_keys(void *context)
{
    ((struct gateway *)context)->wanted_keys++;
}

/* A request for /hold holds the gateway's thread until the test releases it. */
static inline bool gateway_endpoint(void *context, struct ot_worker *worker,
                                    const struct ot_request *request, struct ot_span path,
                                    struct ot_endpoint_answer *answer)
{
    struct gateway *gateway = context;

    (void)worker;
    (void)request;
    (void)answer;
    if (!ot_span_is(path, "/hold"))
        return false;
    sem_post(&gateway->held);
    sem_wait(&gateway->release);
    return true;
}

/* `change` may be NULL. */
static inline void gateway_begin(struct gateway *gateway,
                                 void (*change)(struct ot_settings *settings))
{
    struct ot_worker_options options = {.settings = &gateway->settings,
                                        .listeners = &gateway->listener,
                                        .listener_count = 1,
                                        .endpoint = gateway_endpoint,
                                        .endpoint_context = gateway,
                                        .want_keys = gateway_want_keys};
    static const char *const none[] = {"none"};
    struct ot_error err;

    memset(gateway, 0, sizeof(*gateway));
    world_begin(&gateway->world, none, 1);
    uv_timer_stop(&gateway->world.guard);
    ot_payload_free(OT_STEAL(gateway->world.payload));
    sem_init(&gateway->done, 0, 0);
    sem_init(&gateway->held, 0, 0);
    sem_init(&gateway->release, 0, 0);
    gateway_settings(gateway);
    if (change != NULL)
        change(&gateway->settings);
    gateway->connections = ot_connections_new(gateway->settings.connections_max,
                                              gateway->settings.connections_per_address);
    unit_remove_dir(gateway->world.dir);
    gateway->world.dir = unit_make_dir();
    gateway->generation = gateway_generation(gateway, gateway_payload(gateway->world.dir));
    gateway_listen(gateway);
    options.generation = gateway->generation;
    options.log_fd = gateway->world.log_fd;
    options.connections = gateway->connections;
    assert_int_equal(pthread_create(&gateway->control, NULL, gateway_control, gateway), 0);
    assert_succeeds(ot_worker_start(&options, &gateway->worker, &err), err);
}

/* On the control thread. */
static inline void gateway_gone(void *context)
{
    struct gateway *gateway = context;

    ot_mailbox_close(&gateway->world.control);
    uv_close((uv_handle_t *)&gateway->world.guard, NULL);
}

static inline void gateway_wait_gone(void *context, void *argument)
{
    (void)context;
    ot_generations_wait(gateway_gone, argument);
}

/* Stops the worker; true when it was drained. */
static inline bool gateway_stop(struct gateway *gateway, uint64_t drain_ms)
{
    bool clean;

    ot_worker_stop(gateway->worker, drain_ms);
    clean = ot_worker_join(gateway->worker);
    ot_worker_free(gateway->worker);
    gateway->worker = NULL;
    return clean;
}

static inline void gateway_end(struct gateway *gateway)
{
    struct world *world = &gateway->world;

    if (gateway->worker != NULL)
        assert_true(gateway_stop(gateway, HANG_S * 1000));
    assert_int_equal(ot_connections_open(gateway->connections), 0);
    ot_generation_release(gateway->generation);
    ot_mailbox_post(&world->control, gateway_wait_gone, gateway);
    pthread_join(gateway->control, NULL);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    ot_connections_free(gateway->connections);
    ot_limiter_free(gateway->settings.limiter);
    ot_auth_free(gateway->settings.auth);
    ot_cors_free(gateway->cors);
    close(gateway->listener);
    ot_log_free(world->log);
    close(world->log_fd);
    unit_remove_dir(world->dir);
    ot_engine_program_close(&world->engine);
    sem_destroy(&gateway->done);
    sem_destroy(&gateway->held);
    sem_destroy(&gateway->release);
    assert_int_equal(count_fds(), world->fds);
}

/* -- clients -- */

static inline int client_open(const struct gateway *gateway)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)gateway->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = HANG_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static inline void client_send(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until what has come contains `until` (NULL: to the end). */
static inline void client_read(int fd, const char *until, struct ot_buf *out)
{
    ssize_t got;

    while (until == NULL || out->data == NULL || strstr(out->data, until) == NULL) {
        got = read(fd, ot_buf_reserve(out, 65536), 65536);
        if (got < 0 && errno == EAGAIN)
            fail_msg("nothing comes behind: %s", out->data);
        if (got <= 0 && until != NULL)
            fail_msg("ended without \"%s\": %s", until, out->data != NULL ? out->data : "");
        if (got <= 0) {
            out->data[out->len] = '\0';
            return;
        }
        out->len += (size_t)got;
        out->data[out->len] = '\0';
    }
}

/* One connection: sends, reads to its end. The caller frees. */
static inline char *ask(const struct gateway *gateway, const char *request)
{
    OT_AUTOCLOSE int fd = client_open(gateway);
    struct ot_buf answer = {0};

    client_send(fd, request);
    client_read(fd, NULL, &answer);
    return answer.data;
}

/* A GET of a path below the prefix. */
static inline char *ask_for(const struct gateway *gateway, const char *path)
{
    OT_AUTOFREE char *request =
        ot_asprintf("GET /functions/v1%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", path);

    return ask(gateway, request);
}

#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        if (strstr(text, part) == NULL)                                                            \
            fail_msg("\"%s\" is not in: %s", part, text);                                          \
    } while (0)
#define assert_has_not(text, part)                                                                 \
    do {                                                                                           \
        if (strstr(text, part) != NULL)                                                            \
            fail_msg("\"%s\" is in: %s", part, text);                                              \
    } while (0)

/* What the script of "open" has counted, once it is at least `least`. */
static inline unsigned long wait_for_seen(const struct gateway *gateway, const char *what,
                                          unsigned long least)
{
    for (unsigned i = 0; i < HANG_S * 100; i++) {
        OT_AUTOFREE char *answer = ask_for(gateway, "/open/seen");
        OT_AUTOFREE char *key = ot_asprintf("\"%s\":", what);
        const char *at = strstr(answer, key);
        const struct timespec pause = {.tv_nsec = 10000000};
        unsigned long value;

        assert_non_null(at);
        value = strtoul(at + strlen(key), NULL, 10);
        if (value >= least)
            return value;
        nanosleep(&pause, NULL);
    }
    fail_msg("%s stays below %lu", what, least);
    return 0;
}
