/* The engine's config: decoded by Debian's capnp with the engine's own schema to what was meant. */
#include "tests/unit/unsigned_dist.h"

#include "engine/engine.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST_HEAD                                                                              \
    "{\"schema\":1,\"builder\":{\"onetube\":\"0.1.0\",\"esbuild\":\"0.28.2\",\"options\":{"        \
    "\"minify\":false,\"sourcemap\":\"none\",\"target\":\"es2024\"}},\"engine\":{"                 \
    "\"name\":\"workerd\",\"compatibilityDate\":\"2026-01-01\",\"compatibilityFlags\":["           \
    "\"nodejs_compat\"]},\"env\":[\"OT_TEST_A\",\"OT_TEST_B\",\"OT_TEST_UNSET\"],"

/* OT_SPAN for the initializer of a static object */
#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

struct file {
    const char *path;
    struct ot_span data;
};

static const struct file bundles[] = {
    {"constructor", BYTES("export default `c\303\266`;")},
    {"internet", BYTES("import `../chunks/s.js`;")},
    {"shop", BYTES("import `../chunks/s.js`; `shop`;")},
};
static const char *configs[] = {
    "{\"public\":true}",
    "{\"permissions\":{\"env\":[\"OT_TEST_B\"]}}",
    "{\"public\":true,\"context\":\"isolate\"}",
};
static const char *const modules[] = {
    "",
    ",\"moduleFiles\":[\"chunks/s.js\"]",
    ",\"moduleFiles\":[\"chunks/s.js\",\"files/shop/a.json\",\"files/shop/b.js\",\"files/shop/"
    "m.wasm\"]",
};
static const struct file files[] = {
    {"chunks/s.js", BYTES("export const s = `shared chunk`;")},
    {"files/shop/a.json", BYTES("{ no json")},
    {"files/shop/b.js", BYTES("with (x) {}")},
    {"files/shop/m.wasm", BYTES("\0asm\1\0\0\0")},
};

static char *dir;
static char *schema;
static struct ot_payload *payload;

static void put(const char *path, struct ot_span data)
{
    OT_AUTOFREE char *below = ot_asprintf("dist/%s", path);
    OT_AUTOCLOSE int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct ot_error err;

    unlinkat(root, below, 0);
    assert_succeeds(ot_write_beneath(root, below, data, &err), err);
}

/* A dist with these functions; `first` replaces the bytes of the first bundle. */
static struct ot_payload *make_payload(struct ot_span first)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/dist", dir);
    OT_AUTOBUF struct ot_buf text = {0};
    char hash[OT_SHA256_HEX];

    ot_buf_puts(&text, MANIFEST_HEAD "\"functions\":[");
    for (size_t i = 0; i < OT_COUNT(bundles); i++) {
        struct ot_span data = i == 0 ? first : bundles[i].data;
        OT_AUTOFREE char *name = ot_asprintf("functions/%s.js", bundles[i].path);

        put(name, data);
        ot_sha256_hex(data, hash);
        ot_buf_printf(&text,
                      "%s{\"name\":\"%s\",\"bundleFile\":\"%s\",\"bundleBytes\":%zu,"
                      "\"bundleSha256\":\"%s\",\"config\":%s%s}",
                      i > 0 ? "," : "", bundles[i].path, name, data.len, hash, configs[i],
                      modules[i]);
    }
    ot_buf_puts(&text, "],\"files\":[");
    for (size_t i = 0; i < OT_COUNT(files); i++) {
        put(files[i].path, files[i].data);
        ot_sha256_hex(files[i].data, hash);
        ot_buf_printf(&text, "%s{\"path\":\"%s\",\"bytes\":%zu,\"sha256\":\"%s\"}",
                      i > 0 ? "," : "", files[i].path, files[i].data.len, hash);
    }
    ot_buf_puts(&text, "]}\n");
    put("manifest.json", ot_buf_span(&text));
    return unit_open_unsigned(path);
}

/* Debian's capnp is older than the schema: it has no C++ annotations here and wants one default
 * written out. */
static void write_schema(void)
{
    OT_AUTOBUF struct ot_buf text = {0};
    OT_AUTOBUF struct ot_buf out = {0};
    struct ot_error err;
    char *line, *rest;

    assert_succeeds(ot_read_file("node_modules/workerd/workerd.capnp", 4u << 20, &text, &err), err);
    for (rest = text.data; (line = strsep(&rest, "\n")) != NULL;) {
        char *value = strstr(line, "= \"internet\";");

        if (strncmp(line, "using Cxx", 9) == 0 || strncmp(line, "$Cxx", 4) == 0)
            continue;
        if (value != NULL)
            ot_buf_printf(&out, "%.*s= (name = \"internet\");\n", (int)(value - line), line);
        else
            ot_buf_printf(&out, "%s\n", line);
    }
    schema = ot_asprintf("%s/workerd.capnp", dir);
    assert_succeeds(unit_write_file(schema, ot_buf_span(&out), 0644, false, &err), err);
}

static int set_up(void **state)
{
    (void)state;
    dir = unit_make_dir();
    write_schema();
    payload = make_payload(bundles[0].data);
    setenv("OT_TEST_A", "1", 1);
    setenv("OT_TEST_B", "", 1);
    setenv("OT_TEST_SECRET", "x", 1);
    unsetenv("OT_TEST_UNSET");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ot_payload_free(payload);
    unit_remove_dir(dir);
    free(schema);
    return 0;
}

/* The config as the engine would get it, through a file. */
static void written(struct ot_engine_config *config, struct ot_buf *out)
{
    OT_AUTOFREE char *path = ot_asprintf("%s/config", dir);
    OT_AUTOCLOSE int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct ot_error err;

    assert_int_equal(ot_engine_config_write(config, fd, &err), 1);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_succeeds(ot_read_fd(fd, 1u << 24, out, path, &err), err);
    assert_int_equal(out->len, ot_engine_config_size(config));
}

static void decode(const struct ot_engine_plan *plan, struct ot_process_result *result,
                   struct ot_list *env)
{
    const char *const argv[] = {"capnp", "decode", "--short", schema, "Config", NULL};
    const struct ot_process_options options = {.argv = argv};
    OT_AUTOCONFIG struct ot_engine_config *config = NULL;
    OT_AUTOBUF struct ot_buf bytes = {0};
    struct ot_error err;

    assert_succeeds(ot_engine_config_make(payload, plan, &config, &err), err);
    written(config, &bytes);
    for (size_t i = 0; i < ot_engine_config_env(config)->count; i++)
        ot_list_add(env, ot_engine_config_env(config)->items[i]);
    assert_succeeds(ot_process_run(&options, ot_buf_span(&bytes), 1u << 24, 20000, result, &err),
                    err);
    assert_int_equal(result->errors.len, 0);
    assert_int_equal(result->status, 0);
}

static void expect(const struct ot_process_result *result, const char *part)
{
    if (strstr(result->out.data, part) == NULL)
        fail_msg("not found: %s\nwithin: %s", part, result->out.data);
}

static void expect_times(const struct ot_process_result *result, const char *part, size_t times)
{
    size_t found = 0;

    for (const char *at = result->out.data; (at = strstr(at, part)) != NULL; at++)
        found++;
    assert_int_equal(found, times);
}

static void reject(const struct ot_process_result *result, const char *part)
{
    if (strstr(result->out.data, part) != NULL)
        fail_msg("found: %s\nwithin: %s", part, result->out.data);
}

static void test_all_functions(void **state)
{
    OT_AUTOLIST struct ot_list allowed = {0};
    OT_AUTOLIST struct ot_list env = {0};
    OT_AUTORESULT struct ot_process_result result = {0};
    const struct ot_engine_plan plan = {.route_prefix = "/functions/v1", .env = &allowed};

    (void)state;
    ot_list_split(&allowed, "*");
    decode(&plan, &result, &env);
    expect(&result, "(name = \"router\", worker = (modules = [(name = \"router.js\", "
                    "esModule = \"// Runs inside the engine");
    expect(&result, "(name = \"ROUTES\", json = \"{\\\"prefix\\\":\\\"/functions/v1\\\","
                    "\\\"trustIdentity\\\":false,\\\"functions\\\":{\\\"constructor\\\":true,"
                    "\\\"internet\\\":false,\\\"shop\\\":true}}\")");
    expect(&result, "(name = \"fn:internet\", service = (name = \"fn:internet\"");
    expect(&result,
           "(name = \"internet\", network = (allow = [\"public\"], tlsOptions = "
           "(requireClientCerts = false, trustBrowserCas = true, minVersion = goodDefault)))");
    expect(&result, "(name = \"fn:constructor\", worker = (modules = [(name = "
                    "\"functions/constructor.js\", esModule = \"export default `c\303\266`;\")], "
                    "compatibilityDate = \"2026-01-01\", compatibilityFlags = [\"nodejs_compat\"], "
                    "bindings = [(name = \"OT_TEST_A\", fromEnvironment = \"OT_TEST_A\"), "
                    "(name = \"OT_TEST_B\", fromEnvironment = \"OT_TEST_B\")], ");
    expect(&result,
           "(name = \"fn:internet\", worker = (modules = [(name = \"functions/internet.js\", "
           "esModule = \"import `../chunks/s.js`;\"), (name = \"chunks/s.js\", esModule = "
           "\"export const s = `shared chunk`;\")], compatibilityDate = \"2026-01-01\", "
           "compatibilityFlags = [\"nodejs_compat\"], bindings = [(name = \"OT_TEST_B\", "
           "fromEnvironment = \"OT_TEST_B\")], ");
    expect(&result, "(name = \"OT_TEST_B\", fromEnvironment = \"OT_TEST_B\"), (name = "
                    "\"onetube:isolate\", durableObjectNamespace = (className = "
                    "\"OnetubeIsolate\"))], durableObjectNamespaces = [(className = "
                    "\"OnetubeIsolate\", uniqueKey = \"fn:shop\", preventEviction = true, ");
    expect_times(&result, "OnetubeIsolate", 2);
    expect_times(&result, "inMemory", 1);
    expect(&result, "(name = \"files/shop/a.json\", data = \"{ no json\"), "
                    "(name = \"files/shop/b.js\", data = \"with (x) {}\"), "
                    "(name = \"files/shop/m.wasm\", wasm = \"\\000asm\\001\\000\\000\\000\")]");
    expect(&result,
           "sockets = [(name = \"http\", http = (style = host), service = (name = \"router\"");
    assert_int_equal(env.count, 2);
    assert_string_equal(env.items[0], "OT_TEST_A");
    assert_string_equal(env.items[1], "OT_TEST_B");
    reject(&result, "v8Flags");
    reject(&result, "OT_TEST_UNSET");
    reject(&result, "moduleFallback");
}

static void test_some_functions(void **state)
{
    OT_AUTOLIST struct ot_list functions = {0};
    OT_AUTOLIST struct ot_list env = {0};
    OT_AUTORESULT struct ot_process_result result = {0};
    const struct ot_engine_plan plan = {
        .functions = &functions, .route_prefix = "", .trust_identity_headers = true};

    (void)state;
    ot_list_split(&functions, "internet,internet");
    decode(&plan, &result, &env);
    expect(&result, "\\\"prefix\\\":\\\"\\\",\\\"trustIdentity\\\":true,\\\"functions\\\":{"
                    "\\\"internet\\\":false}}");
    reject(&result, "fn:shop");
    reject(&result, "fn:constructor");
    reject(&result, "files/shop");
    reject(&result, "fromEnvironment");
    assert_int_equal(env.count, 0);
}

static void test_direct(void **state)
{
    OT_AUTOLIST struct ot_list functions = {0};
    OT_AUTOLIST struct ot_list env = {0};
    OT_AUTORESULT struct ot_process_result result = {0};
    const struct ot_engine_plan plan = {
        .functions = &functions, .route_prefix = "", .direct = true};

    (void)state;
    ot_list_split(&functions, "shop");
    decode(&plan, &result, &env);
    expect(&result, "sockets = [(name = \"http\", http = (style = host, forwardedProtoHeader = "
                    "\"x-1tube-proto\"), service = (name = \"fn:shop\"");
    expect(&result, "(name = \"internet\", network = ");
    expect(&result, "(name = \"fn:shop\", worker = ");
    reject(&result, "router");
    reject(&result, "ROUTES");
}

static void test_direct_is_for_one(void **state)
{
    static const char *const cases[] = {"", "shop,internet", "shop,internet,constructor"};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOLIST struct ot_list functions = {0};
        const struct ot_engine_plan plan = {
            .functions = &functions, .route_prefix = "", .direct = true};
        struct ot_engine_config *config = NULL;
        struct ot_error err = {0};

        ot_list_split(&functions, cases[i]);
        assert_int_equal(ot_engine_config_make(payload, &plan, &config, &err), -1);
        assert_int_equal(err.kind, OT_USAGE);
        assert_non_null(strstr(err.message, "one function"));
    }
}

static void test_unknown_function(void **state)
{
    OT_AUTOLIST struct ot_list functions = {0};
    const struct ot_engine_plan plan = {.functions = &functions, .route_prefix = ""};
    struct ot_engine_config *config = NULL;
    struct ot_error err = {0};

    (void)state;
    ot_list_split(&functions, "shop,Shop");
    assert_int_equal(ot_engine_config_make(payload, &plan, &config, &err), -1);
    assert_int_equal(err.kind, OT_USAGE);
    assert_non_null(strstr(err.message, "\"Shop\""));
}

static void test_env_needs_every_side(void **state)
{
    /* what the operator allows, and what the engine gets of it */
    static const struct {
        const char *allowed, *expected;
    } cases[] = {
        {"", ""},
        {"OT_TEST_A", "OT_TEST_A"},
        {"OT_TEST_SECRET,OT_TEST_B", "OT_TEST_B"},
        {"OT_TEST_UNSET", ""},
        {"ot_test_a,OT_TEST,OT_TEST_AA", ""},
        {"*", "OT_TEST_A OT_TEST_B"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOLIST struct ot_list allowed = {0};
        OT_AUTOCONFIG struct ot_engine_config *config = NULL;
        OT_AUTOBUF struct ot_buf got = {0};
        const struct ot_engine_plan plan = {.route_prefix = "", .env = &allowed};
        struct ot_error err;

        ot_list_split(&allowed, cases[i].allowed);
        assert_succeeds(ot_engine_config_make(payload, &plan, &config, &err), err);
        for (size_t k = 0; k < ot_engine_config_env(config)->count; k++)
            ot_buf_printf(&got, "%s%s", k > 0 ? " " : "", ot_engine_config_env(config)->items[k]);
        assert_string_equal(got.len > 0 ? got.data : "", cases[i].expected);
    }
}

static void test_not_text(void **state)
{
    static const struct ot_span bad[] = {BYTES("'\xff'"), BYTES("'a\0b'"), BYTES("'\xed\xa0\x80'")};

    (void)state;
    for (size_t i = 0; i < OT_COUNT(bad); i++) {
        OT_AUTOPAYLOAD struct ot_payload *other = make_payload(bad[i]);
        const struct ot_engine_plan plan = {.route_prefix = ""};
        struct ot_engine_config *config = NULL;
        struct ot_error err = {0};

        assert_int_equal(ot_engine_config_make(other, &plan, &config, &err), -1);
        assert_int_equal(err.kind, OT_CONFIG);
        assert_non_null(strstr(err.message, "functions/constructor.js"));
    }
}

/* Through a pipe that takes little at a time, in as many steps as that needs. */
static void test_partial_writes(void **state)
{
    const struct ot_engine_plan plan = {.route_prefix = ""};
    OT_AUTOBUF struct ot_buf large = {0};
    OT_AUTOPAYLOAD struct ot_payload *other = NULL;
    OT_AUTOCONFIG struct ot_engine_config *config = NULL;
    OT_AUTOBUF struct ot_buf got = {0};
    OT_AUTOBUF struct ot_buf expected = {0};
    OT_AUTOCONFIG struct ot_engine_config *again = NULL;
    int ends[2], done, rounds = 0;
    struct ot_error err;

    (void)state;
    for (int i = 0; i < 5000; i++)
        ot_buf_printf(&large, "%07d\n", i);
    other = make_payload(ot_buf_span(&large));
    assert_succeeds(ot_engine_config_make(other, &plan, &again, &err), err);
    written(again, &expected);
    assert_succeeds(ot_engine_config_make(other, &plan, &config, &err), err);
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
    do {
        char piece[997];
        ssize_t len;

        done = ot_engine_config_write(config, ends[1], &err);
        assert_true(done >= 0);
        while ((len = read(ends[0], piece, sizeof(piece))) > 0)
            ot_buf_append(&got, piece, (size_t)len);
        rounds++;
    } while (done == 0);
    assert_true(rounds > 5);
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.data, expected.data, got.len);
    close(ends[0]);
    close(ends[1]);
}

static void test_route_prefix(void **state)
{
    static const struct {
        const char *text, *expected; /* NULL: refused */
    } cases[] = {
        {"", "/functions/v1"},
        {"/", "/functions/v1"},
        {"  ", "/functions/v1"},
        {"///", "/functions/v1"},
        {"api", "/api"},
        {"/api/", "/api"},
        {"api/v2/", "/api/v2"},
        {"//edge///v2//", "/edge/v2"},
        {" /a-b_c.d~e ", "/a-b_c.d~e"},
        {"/a b", NULL},
        {"/a/../b", NULL},
        {"/.", NULL},
        {"/%61", NULL},
        {"/a?b", NULL},
        {"/a\"b", NULL},
        {"/\303\244", NULL},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *prefix = NULL;
        struct ot_error err = {0};
        int result = ot_route_prefix(cases[i].text, &prefix, &err);

        assert_int_equal(result, cases[i].expected != NULL ? 0 : -1);
        if (cases[i].expected != NULL)
            assert_string_equal(prefix, cases[i].expected);
        else
            assert_int_equal(err.kind, OT_USAGE);
    }
}

/* Lists that need the worker "egress", and lists that do not. */
static void test_networks(void **state)
{
    static const struct {
        const char *net, *services, *outbound; /* NULL: nothing of that kind */
    } cases[] = {
        {"[\"*\"]", NULL, NULL},
        {"[\"*\",\"10.0.0.0/8\"]",
         "(name = \"net:constructor\", network = (allow = [\"public\", \"10.0.0.0/8\"], ",
         "(name = \"net:constructor\", props = (empty = void))"},
        {"[]",
         "(name = \"named\", network = (allow = [\"public\", \"private\"], deny = [\"unix\", "
         "\"unix-abstract\"], ",
         "(name = \"egress\", props = (json = \"{\\\"function\\\":\\\"constructor\\\","
         "\\\"any\\\":false,\\\"names\\\":[],\\\"below\\\":[],\\\"ranges\\\":[],"
         "\\\"network\\\":\\\"internet\\\"}\"))"},
        {"[\"*.B.example:1\",\"10.0.0.0/8\",\"A.example\"]",
         "(name = \"net:constructor\", service = (name = \"net:constructor\"",
         "(name = \"egress\", props = (json = \"{\\\"function\\\":\\\"constructor\\\","
         "\\\"any\\\":false,\\\"names\\\":[[\\\"a.example\\\",0]],"
         "\\\"below\\\":[[\\\"b.example\\\",1]],\\\"ranges\\\":[["
         "\\\"00000000000000000000ffff0a000000\\\",104,0]],"
         "\\\"network\\\":\\\"net:constructor\\\"}\"))"},
    };

    (void)state;
    for (size_t i = 0; i < OT_COUNT(cases); i++) {
        OT_AUTOFREE char *config = ot_asprintf("{\"permissions\":{\"net\":%s}}", cases[i].net);
        OT_AUTORESULT struct ot_process_result result = {0};
        const struct ot_engine_plan plan = {.route_prefix = ""};
        struct ot_payload *usual = payload;
        OT_AUTOLIST struct ot_list env = {0};

        configs[0] = config;
        payload = make_payload(bundles[0].data);
        decode(&plan, &result, &env);
        if (cases[i].services != NULL)
            expect(&result, cases[i].services);
        if (cases[i].outbound != NULL)
            expect(&result, cases[i].outbound);
        else
            reject(&result, "egress");
        ot_payload_free(payload);
        payload = usual;
    }
}

static void test_wrong_network(void **state)
{
    const struct ot_engine_plan plan = {.route_prefix = ""};
    OT_AUTOPAYLOAD struct ot_payload *other = NULL;
    struct ot_engine_config *config = NULL;
    struct ot_error err = {0};

    (void)state;
    configs[0] = "{\"permissions\":{\"net\":[\"http://a\"]}}";
    other = make_payload(bundles[0].data);
    assert_int_equal(ot_engine_config_make(other, &plan, &config, &err), -1);
    assert_int_equal(err.kind, OT_CONFIG);
    assert_non_null(strstr(err.message, "permissions.net of \"constructor\": \"http://a\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_functions),    cmocka_unit_test(test_some_functions),
        cmocka_unit_test(test_direct),           cmocka_unit_test(test_direct_is_for_one),
        cmocka_unit_test(test_unknown_function), cmocka_unit_test(test_env_needs_every_side),
        cmocka_unit_test(test_route_prefix),     cmocka_unit_test(test_partial_writes),
        cmocka_unit_test(test_not_text), /* from here on they change the dist's files */
        cmocka_unit_test(test_networks),         cmocka_unit_test(test_wrong_network),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
