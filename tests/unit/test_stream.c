#include "tests/unit/unit.h"

#include "package/stream.h"

#include <fcntl.h>
#include <string.h>

static void sizes_around_the_buffers(void **state)
{
    static const size_t sizes[] = {0, 1, 511, 262143, 262144, 262145, 12000000};
    char *dir = unit_make_dir();
    OT_AUTOFREE char *path = ot_asprintf("%s/out", dir);

    (void)state;
    for (size_t i = 0; i < OT_COUNT(sizes); i++) {
        OT_AUTOFREE char *data = ot_alloc(1, sizes[i] + 1);
        OT_AUTOBUF struct ot_buf found = {0};
        OT_AUTOCLOSE int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        OT_AUTOSTREAM struct ot_stream *stream = NULL;
        uint8_t digest[OT_SHA256_SIZE];
        uint8_t expected[OT_SHA256_SIZE];
        uint64_t end;
        struct ot_error err = {0};

        for (size_t k = 0; k < sizes[i]; k++)
            data[k] = (char)(k * 7 + k / 251);
        assert_succeeds(ot_stream_open(&stream, fd, 100, "out", &err), err);
        for (size_t k = 0; k < sizes[i]; k += 70001) {
            size_t len = sizes[i] - k < 70001 ? sizes[i] - k : 70001;

            assert_succeeds(ot_stream_put(stream, data + k, len, &err), err);
        }
        assert_succeeds(ot_stream_finish(stream, digest, &end, &err), err);
        assert_int_equal(end, 100 + sizes[i]);
        ot_sha256((struct ot_span){data, sizes[i]}, expected);
        assert_memory_equal(digest, expected, sizeof(digest));
        assert_succeeds(ot_read_file(path, 64u << 20, &found, &err), err);
        assert_int_equal(found.len, sizes[i] == 0 ? 0 : 100 + sizes[i]);
        if (sizes[i] > 0)
            assert_memory_equal(found.data + 100, data, sizes[i]);
    }
    unit_remove_dir(dir);
}

static void full_disk(void **state)
{
    OT_AUTOCLOSE int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    OT_AUTOSTREAM struct ot_stream *stream = NULL;
    uint8_t digest[OT_SHA256_SIZE];
    uint64_t end;
    struct ot_error err = {0};
    int done = 0;

    (void)state;
    assert_succeeds(ot_stream_open(&stream, fd, 0, "out", &err), err);
    for (int i = 0; i < 100 && done == 0; i++)
        done = ot_stream_zeros(stream, 1u << 20, &err);
    if (done == 0)
        done = ot_stream_finish(stream, digest, &end, &err);
    assert_int_equal(done, -1);
    assert_int_equal(err.kind, OT_FAILED);
    assert_non_null(strstr(err.message, "No space left"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_around_the_buffers),
        cmocka_unit_test(full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
