/*
 * Files and folders. What is written appears whole or not at all: a temporary beside the target,
 * fsync, rename, fsync of the folder. What is read is bounded. A path that comes from data is
 * opened beneath a folder by ot_open_beneath and nowhere else.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * Opens for reading, without following a link in the last component and without waiting on a FIFO;
 * it must be a regular file of at most `max` bytes. `info` (may be NULL) gets its fstat. Returns
 * the descriptor or -1. Messages name `path`.
 */
OT_MUST_USE int ot_open_regular(int dir_fd, const char *path, uint64_t max, struct stat *info,
                                struct ot_error *err);

/*
 * Appends a whole regular file of at most `max` bytes to `out`; links are followed (for the
 * user's own inputs).
 */
OT_MUST_USE int ot_read_file(const char *path, size_t max, struct ot_buf *out,
                             struct ot_error *err);

/* Appends all that can be read from `fd`, an error past `max` bytes. `what` is for messages. */
OT_MUST_USE int ot_read_fd(int fd, size_t max, struct ot_buf *out, const char *what,
                           struct ot_error *err);

/*
 * Reads `len` bytes at `offset`, fewer only where the file ends; returns how many, or -1. `what`
 * names the file in messages.
 */
OT_MUST_USE ssize_t ot_read_at(int fd, void *out, size_t len, uint64_t offset, const char *what,
                               struct ot_error *err);

/* Writes all of it, whatever the kernel takes at once. `what` names it in messages. */
OT_MUST_USE int ot_write_all(int fd, const void *data, size_t len, const char *what,
                             struct ot_error *err);

/*
 * Opens `path` beneath the folder `root`: no component may be a link, and nothing leads above
 * `root` (openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS; component by component where the
 * kernel has no openat2). Returns the descriptor or -1 with errno kept in err: EINVAL for a `path`
 * that does not pass ot_is_relative_path.
 */
OT_MUST_USE int ot_open_beneath(int root, const char *path, int flags, mode_t mode,
                                struct ot_error *err);

/*
 * Writes a new file (0644) beneath `root`, opened as ot_open_beneath does, and makes the folders
 * above it (0755). A file that exists is an error.
 */
OT_MUST_USE int ot_write_beneath(int root, const char *path, struct ot_span data,
                                 struct ot_error *err);
/*
 * Gives the open file a second name, which is new, as ot_write_beneath gives one. False: it cannot
 * have it.
 */
OT_MUST_USE bool ot_link_beneath(int root, const char *path, int fd);

/*
 * Splits `path` into its folder, opened (-1 on an error), and the last component, which is freed
 * with free() also then. OT_FAILED, with errno in err when the folder cannot be opened.
 */
OT_MUST_USE int ot_open_parent(const char *path, int *dir_fd, char **name, struct ot_error *err);

/* Whether a folder is there, behind links too. */
bool ot_is_folder(const char *path);

/* Names in the folder, sorted bytewise, without `.` and `..`. */
OT_MUST_USE int ot_list_dir(int dir_fd, struct ot_list *names, const char *what,
                            struct ot_error *err);

/*
 * Takes an exclusive flock, which any reader can hold: waits until ot_now_ms reaches `deadline` at
 * most. OT_FAILED; the message names `what`.
 */
OT_MUST_USE int ot_lock(int fd, int64_t deadline, const char *what, struct ot_error *err);

/* Removes `name` in `dir_fd` and all beneath it; never follows a link. Missing is not an error. */
OT_MUST_USE int ot_remove_tree(int dir_fd, const char *name, struct ot_error *err);

/*
 * A file that is being written beside its target. Write to `fd`, then commit; leaving the scope
 * without a commit (OT_AUTOTEMP) removes it. A kill leaves at most a file called
 * `.<target>.onetube-<16 digits>`, which is not locked any more: the next run with the same
 * target removes it.
 */
struct ot_temp_file {
    int fd; /* -1 when not open */
    int dir_fd;
    char *name;   /* in dir_fd; NULL while unnamed */
    char *target; /* last component of the target */
    char *path;   /* the target as given, for messages */
};

#define OT_AUTOTEMP OT_CLEANUP(ot_temp_discard)
#define OT_TEMP_INIT ((struct ot_temp_file){.fd = -1, .dir_fd = -1})

OT_MUST_USE int ot_temp_open(struct ot_temp_file *temp, const char *path, mode_t mode,
                             struct ot_error *err);
/* fsync, move to the target, fsync the folder. With `keep_existing` one that exists is an error. */
OT_MUST_USE int ot_temp_commit(struct ot_temp_file *temp, bool keep_existing, struct ot_error *err);
void ot_temp_discard(struct ot_temp_file *temp);

/*
 * A folder that is being written beside its target, held by a lock, so that a later run can tell it
 * from what a killed run left behind (and removes the latter). Two runs into one target each commit
 * whole; the last wins.
 */
struct ot_temp_dir {
    int fd; /* the temporary folder; -1 when not open */
    int parent_fd;
    char *name; /* of the temporary, in parent_fd */
    char *target;
    char *path;
};

#define OT_AUTOTEMPDIR OT_CLEANUP(ot_temp_dir_discard)
#define OT_TEMP_DIR_INIT ((struct ot_temp_dir){.fd = -1, .parent_fd = -1})

OT_MUST_USE int ot_temp_dir_open(struct ot_temp_dir *temp, const char *path, struct ot_error *err);
/*
 * Flushes the folder's contents to disk and exchanges it with what is at the target, which is then
 * removed. The target must be missing, an empty folder, or a folder that holds `known[0]` and
 * nothing that `known` (ended by NULL) does not name: nothing else is ever replaced.
 */
OT_MUST_USE int ot_temp_dir_commit(struct ot_temp_dir *temp, const char *const *known,
                                   struct ot_error *err);
void ot_temp_dir_discard(struct ot_temp_dir *temp);
/*
 * Removes what killed runs left beside the target `path`, as opening a temporary does: for a run
 * that finds that it has nothing to write. What cannot be removed is left for the next.
 */
void ot_temp_remove_abandoned(const char *path);
