/* Where the text of a private key comes from: itself, a file, the environment, standard input. */
#include "base/file.h"
#include "base/text.h"
#include "package/secret_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In a folder that exists: a path for certain. */
static bool has_folder(const char *source)
{
    const char *slash = strrchr(source, '/');
    OT_AUTOFREE char *folder = NULL;
    struct stat info;

    if (slash == NULL || slash == source)
        return false;
    folder = ot_strndup(source, (size_t)(slash - source));
    return stat(folder, &info) == 0 && S_ISDIR(info.st_mode);
}

/*
 * A source that names no file may be a key with a slip of the pen (quoted, with literal `\n`, with
 * colons between its bytes), which must not reach a terminal or a log. Only what is too short to be
 * a key, or lies in a folder that exists, is quoted.
 */
static bool may_be_secret(const char *source)
{
    return strstr(source, "-----") != NULL || (strlen(source) >= 32 && !has_folder(source));
}

/* Reads into guarded memory, never through the heap. */
static int read_key(int fd, const char *what, struct ot_secret_key **out, struct ot_error *err)
{
    OT_AUTOGUARDED char *text = ot_guarded_alloc(OT_KEY_TEXT_MAX + 1);
    size_t len = 0;

    for (;;) {
        ssize_t got = read(fd, text + len, OT_KEY_TEXT_MAX + 1 - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ot_fail_errno(err, OT_USAGE, "%s", what);
        len += (size_t)got;
        if (len > OT_KEY_TEXT_MAX)
            return ot_fail(err, OT_USAGE, "%s: more than %d bytes: not a private key", what,
                           OT_KEY_TEXT_MAX);
        if (got == 0)
            break;
    }
    if (ot_secret_key_parse((struct ot_span){text, len}, out, err) < 0)
        return ot_error_prefix(err, "%s", what);
    return 0;
}

static int load_variable(const char *name, struct ot_secret_key **out, struct ot_error *err)
{
    const char *value = getenv(name);

    if (!ot_is_env_name(ot_span_of(name)) || (value == NULL && may_be_secret(name)))
        return ot_fail(err, OT_USAGE,
                       "what follows env: is not the name of a variable that is set (not shown: it "
                       "may be a key)");
    if (value == NULL)
        return ot_fail(err, OT_USAGE, "env:%s: the variable is not set", name);
    if (ot_secret_key_parse(ot_span_of(value), out, err) < 0)
        return ot_error_prefix(err, "env:%s", name);
    return 0;
}

static int load_file(const char *path, struct ot_secret_key **out, struct ot_error *err)
{
    struct stat info;
    OT_AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && may_be_secret(path))
        return ot_fail(err, OT_USAGE,
                       "the private key is neither a valid key nor the path of a file (not shown: "
                       "it may be a mistyped key)");
    if (fd < 0)
        return ot_fail_errno(err, OT_USAGE, "%s", path);
    if (fstat(fd, &info) < 0)
        return ot_fail_errno(err, OT_USAGE, "%s", path);
    /* a FIFO is what `--sign-key <(...)` gives */
    if (S_ISDIR(info.st_mode))
        return ot_fail(err, OT_USAGE, "%s: is a folder, a key file is wanted", path);
    if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode))
        return ot_fail(err, OT_USAGE, "%s: is not a regular file", path);
    if (S_ISFIFO(info.st_mode) && fcntl(fd, F_SETFL, 0) < 0)
        return ot_fail_errno(err, OT_USAGE, "%s", path);
    return read_key(fd, path, out, err);
}

int ot_secret_key_load(const char *source, struct ot_secret_key **out, struct ot_error *err)
{
    struct ot_error ignored;

    if (strcmp(source, "-") == 0)
        return read_key(STDIN_FILENO, "standard input", out, err);
    if (strncmp(source, "env:", 4) == 0)
        return load_variable(source + 4, out, err);
    if (strncmp(source, "-----BEGIN ", 11) == 0) {
        if (ot_secret_key_parse(ot_span_of(source), out, err) < 0)
            return ot_error_prefix(err, "the private key given as text");
        return 0;
    }
    if (ot_secret_key_parse(ot_span_of(source), out, &ignored) == 0)
        return 0;
    return load_file(source, out, err);
}
