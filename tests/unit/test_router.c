/* The router worker, and a function without it, in the real engine: raw requests in, whole answers
 * out, over a Unix socket. */
#include "tests/unit/unsigned_dist.h"

#include "engine/process.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SCRIPT                                                                                     \
    "export default { async fetch(request) {\n"                                                    \
    "  const url = new URL(request.url);\n"                                                        \
    "  if (url.pathname.endsWith('/boom')) throw new Error('secret detail');\n"                    \
    "  if (url.pathname.endsWith('/ws')) {\n"                                                      \
    "    const [client, server] = Object.values(new WebSocketPair());\n"                           \
    "    server.accept(); server.close(1000, 'bye');\n"                                            \
    "    return new Response(null, { status: 101, webSocket: client });\n"                         \
    "  }\n"                                                                                        \
    "  const names = [...request.headers].filter(([n]) => n.startsWith('x-')).map((h) => "         \
    "h.join('='));\n"                                                                              \
    "  const body = await request.text();\n"                                                       \
    "  return new Response([request.method, request.url, names.join(' '), body].join('|'));\n"     \
    "} };\n"

#define MANIFEST_HEAD                                                                              \
    "{\"schema\":1,\"builder\":{\"onetube\":\"0.1.0\",\"esbuild\":\"0.28.2\",\"options\":{"        \
    "\"minify\":false,\"sourcemap\":\"none\",\"target\":\"es2024\"}},\"engine\":{"                 \
    "\"name\":\"workerd\",\"compatibilityDate\":\"2025-09-15\",\"compatibilityFlags\":[]},"        \
    "\"env\":[],\"functions\":["

#define UPGRADE                                                                                    \
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                   \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* In the manifest's order; every second one is closed. */
static const char *const functions[] = {"closed", "constructor", "internet", "open"};
static const char *const public_config[] = {"{}", "{\"public\":true}"};

static char *dir;
static struct ot_payload *payload;

static int set_up(void **state)
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOFREE char *bundles = NULL;
    OT_AUTOFREE char *manifest = NULL;
    struct ot_error err;
    char hash[OT_SHA256_HEX];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    dir = unit_make_dir();
    bundles = ot_asprintf("%s/functions", dir);
    assert_int_equal(mkdir(bundles, 0755), 0);
    ot_sha256_hex(OT_SPAN(SCRIPT), hash);
    ot_buf_puts(&text, MANIFEST_HEAD);
    for (size_t i = 0; i < OT_COUNT(functions); i++) {
        OT_AUTOFREE char *path = ot_asprintf("%s/%s.js", bundles, functions[i]);

        assert_succeeds(unit_write_file(path, OT_SPAN(SCRIPT), 0644, false, &err), err);
        ot_buf_printf(&text,
                      "%s{\"name\":\"%s\",\"bundleFile\":\"functions/%s.js\",\"bundleBytes\":%zu,"
                      "\"bundleSha256\":\"%s\",\"config\":%s}",
                      i > 0 ? "," : "", functions[i], functions[i], sizeof(SCRIPT) - 1, hash,
                      public_config[strcmp(functions[i], "closed") != 0]);
    }
    ot_buf_puts(&text, "],\"files\":[]}");
    manifest = ot_asprintf("%s/manifest.json", dir);
    assert_succeeds(unit_write_file(manifest, ot_buf_span(&text), 0644, false, &err), err);
    payload = unit_open_unsigned(dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ot_payload_free(payload);
    unit_remove_dir(dir);
    return 0;
}

struct server {
    struct sockaddr_un address;
    int fd;
    int log[2];
    struct ot_engine_config *config;
    struct ot_engine *engine;
};

static void start(struct server *server, const struct ot_engine_plan *plan)
{
    OT_AUTOPROGRAM struct ot_engine_program engine = OT_ENGINE_PROGRAM_INIT;
    struct ot_engine_options options;
    struct ot_error err;
    glob_t found;

    *server = (struct server){.address = {.sun_family = AF_UNIX}};
    snprintf(server->address.sun_path, sizeof(server->address.sun_path), "%s/socket", dir);
    unlink(server->address.sun_path);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&server->address, sizeof(server->address)),
                     0);
    assert_int_equal(listen(server->fd, 16), 0);
    assert_int_equal(pipe2(server->log, O_CLOEXEC), 0);
    assert_int_equal(glob("node_modules/@cloudflare/workerd-linux-*/bin/workerd", 0, NULL, &found),
                     0);
    assert_succeeds(ot_engine_program_open(&engine, found.gl_pathv[0], &err), err);
    globfree(&found);
    assert_succeeds(ot_engine_config_make(payload, plan, &server->config, &err), err);
    options = (struct ot_engine_options){.program = &engine,
                                         .config = server->config,
                                         .listen_fd = server->fd,
                                         .stdout_fd = server->log[1],
                                         .stderr_fd = server->log[1],
                                         .start_timeout_ms = 30000};
    assert_succeeds(ot_engine_start(&options, &server->engine, &err), err);
    while (ot_engine_state(server->engine) < OT_ENGINE_READY) {
        struct pollfd fds[OT_ENGINE_FDS];

        poll(fds, ot_engine_poll(server->engine, fds), ot_engine_timeout(server->engine));
        assert_succeeds(ot_engine_handle(server->engine, fds, &err), err);
    }
}

/* Stops it as SIGTERM would; what it logged goes to `log`. */
static void stop(struct server *server, struct ot_buf *log)
{
    struct ot_error err;

    ot_engine_stop(server->engine);
    while (ot_engine_state(server->engine) != OT_ENGINE_ENDED) {
        struct pollfd fds[OT_ENGINE_FDS];

        poll(fds, ot_engine_poll(server->engine, fds), 20000);
        assert_succeeds(ot_engine_handle(server->engine, fds, &err), err);
    }
    assert_int_equal(ot_engine_status(server->engine), 0);
    ot_engine_free(server->engine);
    ot_engine_config_free(server->config);
    close(server->fd);
    close(server->log[1]);
    assert_succeeds(ot_read_fd(server->log[0], 1u << 20, log, "log", &err), err);
    close(server->log[0]);
}

static void ask(const struct server *server, const char *request, struct ot_buf *answer)
{
    OT_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {.tv_sec = 20};
    struct ot_error err;
    ssize_t got;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&server->address, sizeof(server->address)), 0);
    assert_succeeds(ot_write_all(fd, request, strlen(request), "request", &err), err);
    /* a WebSocket stays open */
    do {
        got = read(fd, ot_buf_reserve(answer, 4096), 4095);
        if (got > 0)
            answer->len += (size_t)got;
        assert_true(got >= 0);
        answer->data[answer->len] = '\0';
    } while (got > 0 && strncmp(answer->data, "HTTP/1.1 101", 12) != 0);
}

struct exchange {
    const char *line;    /* method and target */
    const char *headers; /* NULL: a Host and nothing else */
    const char *body;
    int status;
    const char *answer; /* the whole body; NULL: any */
};

static void check_all(const struct server *server, const struct exchange *exchanges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct exchange *e = &exchanges[i];
        OT_AUTOFREE char *request =
            ot_asprintf("%s HTTP/1.1\r\n%sConnection: close\r\n\r\n%s", e->line,
                        e->headers ? e->headers : "Host: h\r\n", e->body ? e->body : "");
        OT_AUTOBUF struct ot_buf answer = {0};
        const char *body;
        int status = 0;

        ask(server, request, &answer);
        assert_true(answer.len > 0);
        sscanf(answer.data, "HTTP/1.1 %d", &status);
        body = strstr(answer.data, "\r\n\r\n");
        if (status != e->status ||
            (e->answer != NULL && (body == NULL || strcmp(body + 4, e->answer) != 0)))
            fail_msg("%s %s\nexpected %d %s\nfound %s", e->line, e->headers ? e->headers : "",
                     e->status, e->answer, answer.data);
    }
}

#define NOT_FOUND "{\"error\":\"Not found\"}"
#define NO_FUNCTION(name) "{\"error\":\"Function \\\"" name "\\\" not found\"}"
#define CLOSED "{\"error\":\"Unauthorized\"}"

static void test_routes(void **state)
{
    static const struct exchange exchanges[] = {
        {"GET /f/open", NULL, NULL, 200, "GET|http://h/open||"},
        {"GET /f/open/", NULL, NULL, 200, "GET|http://h/open/||"},
        {"GET /f/open/a%20b//c?x=1&x=2", NULL, NULL, 200, "GET|http://h/open/a%20b//c?x=1&x=2||"},
        {"GET /f/open?q", NULL, NULL, 200, "GET|http://h/open?q||"},
        {"GET /f/open", "Host: shop.example:8080\r\n", NULL, 200,
         "GET|http://shop.example:8080/open||"},
        {"POST /f/open", "Host: h\r\nContent-Length: 3\r\n", "abc", 200, "POST|http://h/open||abc"},
        {"PUT /f/open", "Host: h\r\nTransfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n", 200,
         "PUT|http://h/open||abc"},
        {"OPTIONS /f/open", NULL, NULL, 200, "OPTIONS|http://h/open||"},
        {"HEAD /f/open", NULL, NULL, 200, ""},
        {"HEAD /f/none", NULL, NULL, 404, ""},
        {"GET /f/constructor/x", NULL, NULL, 200, "GET|http://h/constructor/x||"},
        {"GET /f/internet", NULL, NULL, 200, "GET|http://h/internet||"},
        {"GET /f/none", NULL, NULL, 404, NO_FUNCTION("none")},
        {"GET /f/Open", NULL, NULL, 404, NO_FUNCTION("Open")},
        {"GET /f/%6fpen", NULL, NULL, 404, NO_FUNCTION("%6fpen")},
        {"GET /f/open%2Fx", NULL, NULL, 404, NO_FUNCTION("open%2Fx")},
        {"GET /f/open;x", NULL, NULL, 404, NO_FUNCTION("open;x")},
        {"GET /f/__proto__", NULL, NULL, 404, NO_FUNCTION("__proto__")},
        {"GET /f/toString", NULL, NULL, 404, NO_FUNCTION("toString")},
        {"GET /f/fn:open", NULL, NULL, 404, NO_FUNCTION("fn:open")},
        {"GET /f", NULL, NULL, 404, NOT_FOUND},
        {"GET /f/", NULL, NULL, 404, NOT_FOUND},
        {"GET /f//open", NULL, NULL, 404, NOT_FOUND},
        {"GET /ff/open", NULL, NULL, 404, NOT_FOUND},
        {"GET /open", NULL, NULL, 404, NOT_FOUND},
        {"GET /", NULL, NULL, 404, NOT_FOUND},
        /* what is chosen is what the function is then told */
        {"GET /f/open/../closed/x", NULL, NULL, 401, CLOSED},
        {"GET /f/open/%2e%2e/closed", NULL, NULL, 401, CLOSED},
        {"GET /f/open/../../etc", NULL, NULL, 404, NOT_FOUND},
        {"GET /x", "Host: h/f/open?\r\n", NULL, 400, "{\"error\":\"Bad request\"}"},
        {"GET /f/open", "Host: a@b\r\n", NULL, 400, "{\"error\":\"Bad request\"}"},
        {"GET /f/open", "Host: a:b:c\r\n", NULL, 400, "{\"error\":\"Bad request\"}"},
        {"GET /f/closed", NULL, NULL, 401, CLOSED},
        {"POST /f/closed", "Host: h\r\nContent-Length: 3\r\n", "abc", 401, CLOSED},
        {"GET /f/open/boom", NULL, NULL, 500, "{\"error\":\"Internal server error\"}"},
        {"GET /f/open/ws", "Host: h\r\n" UPGRADE, NULL, 101, NULL},
    };
    const struct ot_engine_plan plan = {.route_prefix = "/f"};
    OT_AUTOBUF struct ot_buf log = {0};
    struct server server;

    (void)state;
    start(&server, &plan);
    check_all(&server, exchanges, OT_COUNT(exchanges));
    stop(&server, &log);
    /* the client is told nothing, the operator all */
    assert_non_null(strstr(log.data, "function open: Error: secret detail"));
}

#define POSE                                                                                       \
    "Host: h\r\nX-1tube-Auth-User: u\r\nx-1tube-auth-email: e\r\nx-1tube-invocation-id: i\r\n"     \
    "x-1tube-other: o\r\nx-mine: m\r\n"

static void test_identity(void **state)
{
    static const struct exchange from_anyone[] = {
        {"GET /open", POSE, NULL, 200, "GET|http://h/open|x-mine=m|"},
        {"POST /open", POSE "Content-Length: 3\r\n", "abc", 200, "POST|http://h/open|x-mine=m|abc"},
        {"GET /open/ws", POSE UPGRADE, NULL, 101, NULL},
        {"GET /closed", POSE, NULL, 401, CLOSED},
    };
    static const struct exchange from_gateway[] = {
        {"GET /open", POSE, NULL, 200,
         "GET|http://h/open|x-1tube-auth-email=e x-1tube-auth-user=u x-1tube-invocation-id=i "
         "x-mine=m|"},
        {"GET /closed", POSE, NULL, 200, NULL},
        {"GET /closed", NULL, NULL, 401, CLOSED},
        /* a service has an identity without a user */
        {"GET /closed", "Host: h\r\nx-1tube-auth-user:\r\n", NULL, 200, NULL},
        {"GET /closed", "Host: h\r\nx-1tube-auth-email: e\r\n", NULL, 401, CLOSED},
        {"OPTIONS /closed", "Host: h\r\nx-1tube-auth-preflight: 1\r\n", NULL, 200, NULL},
        {"GET /closed", "Host: h\r\nx-1tube-auth-preflight: 1\r\n", NULL, 401, CLOSED},
    };
    struct ot_engine_plan plan = {.route_prefix = ""};
    OT_AUTOBUF struct ot_buf log = {0};
    struct server server;

    (void)state;
    start(&server, &plan);
    check_all(&server, from_anyone, OT_COUNT(from_anyone));
    stop(&server, &log);
    plan.trust_identity_headers = true;
    start(&server, &plan);
    check_all(&server, from_gateway, OT_COUNT(from_gateway));
    stop(&server, &log);
}

/* Without the router nothing is looked at: what the gateway sends is what the function gets. */
static void test_direct(void **state)
{
    static const struct exchange exchanges[] = {
        {"GET /closed/x?y=1", NULL, NULL, 200, "GET|http://h/closed/x?y=1||"},
        {"GET /closed", "Host: h\r\nX-1tube-Proto: https\r\n", NULL, 200, "GET|https://h/closed||"},
        {"GET /closed", "Host: h:81\r\nx-1tube-proto: http\r\n", NULL, 200,
         "GET|http://h:81/closed||"},
        {"POST /closed", POSE "Content-Length: 3\r\n", "abc", 200,
         "POST|http://h/closed|x-1tube-auth-email=e x-1tube-auth-user=u x-1tube-invocation-id=i "
         "x-1tube-other=o x-mine=m|abc"},
        {"HEAD /closed", NULL, NULL, 200, ""},
        {"GET /closed/ws", "Host: h\r\n" UPGRADE, NULL, 101, NULL},
        {"GET /open", NULL, NULL, 200, "GET|http://h/open||"},
    };
    OT_AUTOLIST struct ot_list names = {0};
    const struct ot_engine_plan plan = {.functions = &names, .route_prefix = "", .direct = true};
    OT_AUTOBUF struct ot_buf log = {0};
    struct server server;

    (void)state;
    ot_list_add(&names, "closed");
    start(&server, &plan);
    check_all(&server, exchanges, OT_COUNT(exchanges));
    stop(&server, &log);
}

/* Several functions behind a gateway take the requests that a direct one takes. */
static void test_shared(void **state)
{
    static const struct exchange exchanges[] = {
        {"GET /open/x?y=1", NULL, NULL, 200, "GET|http://h/open/x?y=1||"},
        {"GET /open", "Host: h\r\nX-1tube-Proto: https\r\n", NULL, 200, "GET|https://h/open||"},
        {"GET /closed", "Host: h:81\r\nx-1tube-auth-user: u\r\nx-1tube-proto: https\r\n", NULL, 200,
         "GET|https://h:81/closed|x-1tube-auth-user=u|"},
        {"GET /open/ws", "Host: h\r\nX-1tube-Proto: https\r\n" UPGRADE, NULL, 101, NULL},
        {"GET /closed", "Host: h\r\n", NULL, 401, NULL},
        {"GET /none", NULL, NULL, 404, NULL},
    };
    const struct ot_engine_plan plan = {
        .route_prefix = "", .trust_identity_headers = true, .trust_proto = true};
    OT_AUTOBUF struct ot_buf log = {0};
    struct server server;

    (void)state;
    start(&server, &plan);
    check_all(&server, exchanges, OT_COUNT(exchanges));
    stop(&server, &log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_direct),
        cmocka_unit_test(test_shared),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
