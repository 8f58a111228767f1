/*
 * Processes. The program itself: its standard streams, its clock, and what is installed beside it.
 * Child processes: explicit arguments and environment, no shell, only the descriptors that were
 * named, and an exec failure that comes back as an error of its own (OT_TOOL), so "not found"
 * differs from "failed". Plain POSIX, so that onetube-serve needs no event library.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * The first thing a program does: whichever of the descriptors 0, 1 and 2 is closed becomes
 * /dev/null. Without that the first file or socket that is opened would take the number of a
 * standard stream, messages would go into it, and children would get it as theirs.
 */
void ot_open_standard_streams(void);

/* The last thing: what was to be read by others and could not be written is OT_FAILED. */
OT_MUST_USE int ot_flush_stdout(struct ot_error *err);

/* Milliseconds of the monotonic clock. */
int64_t ot_now_ms(void);

/* A regular file (or a link to one) that we may execute; else false, with errno. */
bool ot_is_program(const char *path);

/*
 * Finds a program: the first of `beside`, paths relative to the folder of the running program,
 * NULL-terminated, then `name` in the folders of PATH. Either may be NULL and is not looked at
 * then. Empty entries of PATH, which elsewhere mean the current folder, are skipped. NULL when
 * there is none; caller frees.
 */
char *ot_find_program(const char *name, const char *const *beside);

/* A descriptor of ours and the number that it gets in the child. */
struct ot_fd_map {
    int parent;
    int child;
};

struct ot_process_options {
    const char *const
        *argv; /* argv[0] is the program's path, or its name to be searched in our PATH */
    /*
     * An open descriptor of the program, which is executed whatever is at argv[0] by now; 0: none.
     * A script finds itself at /dev/fd/N, and so has that descriptor.
     */
    int program_fd;
    const char *const *envp;     /* the child's whole environment; NULL means empty */
    const char *cwd;             /* NULL: ours */
    const struct ot_fd_map *fds; /* 0, 1 and 2 not named here are /dev/null */
    size_t fd_count;
    /* The kernel kills it when the thread that started it ends (PR_SET_PDEATHSIG). */
    bool die_with_parent;
    bool no_new_privileges;
    bool own_group; /* signals of the terminal do not reach it */
};

/* Starts it and returns its pid in `*pid`. Reap it with ot_process_wait. */
OT_MUST_USE int ot_process_start(const struct ot_process_options *options, pid_t *pid,
                                 struct ot_error *err);

/* Waits for the end; `*status` is what waitpid gives. */
OT_MUST_USE int ot_process_wait(pid_t pid, int *status, struct ot_error *err);

/* "exited with code 3" or "was killed by signal 9 (Killed)". */
void ot_process_status_text(int status, char *out, size_t out_size);

struct ot_process_result {
    int status;
    struct ot_buf out; /* what it wrote to its standard output and error */
    struct ot_buf errors;
};

#define OT_AUTORESULT OT_CLEANUP(ot_process_result_free)
void ot_process_result_free(struct ot_process_result *result);

/*
 * Runs a program to its end: `input` to its standard input, its output collected, all at the same
 * time; `fds` of the options must be above 2. It is killed, and that is an error, after
 * `timeout_ms`, whatever it does with its outputs, or when it writes more than `max_output` bytes
 * to either stream.
 */
OT_MUST_USE int ot_process_run(const struct ot_process_options *options, struct ot_span input,
                               size_t max_output, unsigned timeout_ms,
                               struct ot_process_result *result, struct ot_error *err);
