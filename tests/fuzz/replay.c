/*
 * Runs a fuzz target over every file of a corpus folder, and over each file with one byte changed,
 * cut off or repeated, without a fuzzing engine. Prints TAP.
 */
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* At most this many mutants of one file, spread over its length. */
#define MUTANTS 400u

static void run(const char *data, size_t size)
{
    /* a copy of exactly this size, so that the sanitizer sees any read beyond it */
    uint8_t *exact = malloc(size > 0 ? size : 1);

    if (exact == NULL)
        abort();
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void run_mutants(const struct ot_buf *input)
{
    size_t step = input->len / MUTANTS + 1;

    for (size_t at = 0; at < input->len; at += step) {
        char before = input->data[at];

        input->data[at] = (char)(before ^ (1 << (at % 8)));
        run(input->data, input->len);
        input->data[at] = before;
        run(input->data, at);
    }
}

int main(int argc, char **argv)
{
    struct ot_error err = {0};
    OT_AUTOLIST struct ot_list names = {0};
    int dir = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (dir < 0 || ot_list_dir(dir, &names, argv[1], &err) < 0 || names.count == 0) {
        fprintf(stderr, "usage: %s CORPUS (a folder with at least one file)\n", argv[0]);
        return 1;
    }
    printf("1..%zu\n", names.count);
    for (size_t i = 0; i < names.count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("%s/%s", argv[1], names.items[i]);
        OT_AUTOBUF struct ot_buf input = {0};
        int got = ot_read_file(path, 16u << 20, &input, &err);

        if (got == 0) {
            run(input.data != NULL ? input.data : "", input.len);
            run_mutants(&input);
        }
        printf("%s %zu - %s\n", got == 0 ? "ok" : "not ok", i + 1, names.items[i]);
    }
    return 0;
}
