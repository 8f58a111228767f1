/* The engine that a trust file allows: what was hashed is what is started. */
#include "tests/unit/payload_fixture.h"
#include "tests/unit/trust_maker.h"

#include "engine/process.h"

#include <fcntl.h>
#include <sys/socket.h>

/* A program that ends at once, which is enough to see whether it was started. */
static char *put_engine(const struct fixture *f, const char *text)
{
    char *path = ot_asprintf("%s/engine", f->dir);
    struct ot_error err;

    assert_succeeds(unit_write_file(path, ot_span_of(text), 0755, false, &err), err);
    return path;
}

/* A payload whose trust file allows the engine of this digest; NULL: every one. */
static struct ot_payload *open_payload(struct fixture *f, const char *engine)
{
    const struct trust_maker maker = {.version = 1,
                                      .thresholds = {1, 1, 0},
                                      .keys = {"r", "a", NULL},
                                      .engine = engine,
                                      .signers = "r"};
    OT_AUTOFREE char *path = ot_asprintf("%s/trust.json", f->dir);
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_payload *payload = NULL;
    struct ot_trust trust;
    struct ot_error err;

    trust_text(&maker, &text);
    assert_succeeds(unit_write_file(path, ot_buf_span(&text), 0644, false, &err), err);
    write_payload(f);
    ot_trust_init(&trust);
    assert_succeeds(ot_trust_take_file(&trust, path, &err), err);
    assert_succeeds(ot_payload_open(f->file, &trust, 1, NULL, &payload, &err), err);
    ot_trust_free(&trust);
    return payload;
}

static void allowed_by_digest(void **state)
{
    struct fixture *f = *state;
    OT_AUTOFREE char *path = put_engine(f, "#!/bin/sh\nexit 7\n");
    OT_AUTOPROGRAM struct ot_engine_program program = OT_ENGINE_PROGRAM_INIT;
    char digest[OT_SHA256_HEX];
    struct ot_error err = {0};

    ot_sha256_hex(OT_SPAN("#!/bin/sh\nexit 7\n"), digest);
    assert_succeeds(ot_engine_program_open(&program, path, &err), err);
    for (int i = 0; i < 3; i++) {
        const char *allowed[] = {digest, NULL, f->dir /* set below */};
        char other[OT_SHA256_HEX];
        OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
        int done;

        ot_sha256_hex(OT_SPAN("another"), other);
        allowed[2] = other;
        payload = open_payload(f, allowed[i]);
        done = ot_engine_program_check(&program, payload, &err);
        assert_int_equal(done, i < 2 ? 0 : -1);
        assert_string_equal(program.sha256, digest);
    }
    assert_string_equal(err.code, OT_E_ENGINE);
    assert_int_equal(err.kind, OT_REFUSED);
    assert_non_null(strstr(err.message, digest));
}

static int start(const struct ot_engine_program *program, struct ot_payload *payload,
                 struct ot_error *err)
{
    const struct ot_engine_plan plan = {.route_prefix = ""};
    OT_AUTOCONFIG struct ot_engine_config *config = NULL;
    OT_AUTOENGINE struct ot_engine *engine = NULL;
    OT_AUTOCLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct ot_engine_options options = {
        .program = program, .listen_fd = fd, .stdout_fd = 1, .stderr_fd = 2};

    assert_succeeds(ot_engine_config_make(payload, &plan, &config, err), *err);
    options.config = config;
    options.start_timeout_ms = 10000;
    return ot_engine_start(&options, &engine, err);
}

/* Another link to it, or a new date, changes nothing; one byte does. Another file at its path is
 * another matter: the one that was opened is what runs. */
static void changed_since(void **state)
{
    struct fixture *f = *state;
    OT_AUTOFREE char *path = put_engine(f, "#!/bin/sh\nexit 7\n");
    OT_AUTOFREE char *link_path = ot_asprintf("%s/link", f->dir);
    OT_AUTOPROGRAM struct ot_engine_program program = OT_ENGINE_PROGRAM_INIT;
    OT_AUTOPAYLOAD struct ot_payload *payload = NULL;
    OT_AUTOCLOSE int fd = -1;
    char digest[OT_SHA256_HEX];
    struct ot_error err = {0};

    ot_sha256_hex(OT_SPAN("#!/bin/sh\nexit 7\n"), digest);
    payload = open_payload(f, digest);
    assert_succeeds(ot_engine_program_open(&program, path, &err), err);
    assert_succeeds(ot_engine_program_check(&program, payload, &err), err);
    assert_succeeds(start(&program, payload, &err), err);
    assert_int_equal(link(path, link_path), 0);
    assert_succeeds(start(&program, payload, &err), err);
    assert_int_equal(unlink(path), 0);
    free(put_engine(f, "#!/bin/sh\nexit 8\n"));
    assert_succeeds(start(&program, payload, &err), err);
    assert_succeeds(ot_engine_program_check(&program, payload, &err), err);
    fd = open(link_path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "8", 1, 15), 1);
    ot_autoclose(&fd);
    assert_int_equal(start(&program, payload, &err), -1);
    assert_string_equal(err.code, OT_E_ENGINE);
    assert_int_equal(ot_engine_program_check(&program, payload, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {test(allowed_by_digest), test(changed_since)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
