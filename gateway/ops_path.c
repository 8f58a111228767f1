#include "gateway/ops_path.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "onetube"
#define SYSTEM_NAME "control.sock"
#define SUFFIX ".sock"

/* An absolute path; NULL when the variable has none. */
static const char *folder_of(const char *variable)
{
    const char *path = getenv(variable);

    return path != NULL && *path == '/' ? path : NULL;
}

/* Of several, separated by colons, the first. */
static char *service_path(const char *folders)
{
    return ot_asprintf("%.*s/" SYSTEM_NAME, (int)strcspn(folders, ":"), folders);
}

/* Nobody else could put a socket there, or take ours away. */
static int make_folder(const char *path, struct ot_error *err)
{
    OT_AUTOCLOSE int fd = -1;
    struct stat info;

    if (mkdir(path, S_IRWXU) < 0 && errno != EEXIST)
        return ot_fail_errno(err, OT_FAILED, "cannot make %s", path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0)
        return ot_fail_errno(err, OT_FAILED, "cannot use %s", path);
    if (info.st_uid != geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return ot_fail(err, OT_FAILED, "cannot use %s: others may write there", path);
    return 0;
}

int ot_ops_default_path(unsigned port, char **out, struct ot_error *err)
{
    const char *service = folder_of("RUNTIME_DIRECTORY");
    const char *user = folder_of("XDG_RUNTIME_DIR");
    OT_AUTOFREE char *folder = NULL;

    *out = NULL;
    if (service != NULL) {
        *out = service_path(service);
        return 0;
    }
    if (user == NULL || port == 0)
        return 0;
    folder = ot_asprintf("%s/" FOLDER, user);
    if (make_folder(folder, err) < 0)
        return -1;
    *out = ot_asprintf("%s/%u" SUFFIX, folder, port);
    return 0;
}

static void list_folder(const char *folder, struct ot_list *out)
{
    OT_AUTOCLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_error err;

    if (fd < 0 || ot_list_dir(fd, &names, folder, &err) < 0)
        return;
    for (size_t i = 0; i < names.count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("%s/%s", folder, names.items[i]);

        if (ot_span_ends(ot_span_of(names.items[i]), SUFFIX))
            ot_list_add(out, path);
    }
}

void ot_ops_list_paths(struct ot_list *out)
{
    const char *service = folder_of("RUNTIME_DIRECTORY");
    const char *user = folder_of("XDG_RUNTIME_DIR");

    if (service != NULL) {
        OT_AUTOFREE char *path = service_path(service);

        ot_list_add(out, path);
    }
    if (user != NULL) {
        OT_AUTOFREE char *folder = ot_asprintf("%s/" FOLDER, user);

        list_folder(folder, out);
    }
    list_folder(OT_OPS_SYSTEM_FOLDER, out);
    ot_list_sort_unique(out);
}
