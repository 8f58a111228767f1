#include "gateway/watcher.h"

#include "base/digest.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FOLDERS_MAX 4096u
#define DEPTH_MAX 64u
#define PATIENCE 10u /* times quiet_ms */
#define EVENTS                                                                                     \
    (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_ATTRIB)

/* The folder that a path's last name is in, where the path is replaced. */
struct parent {
    char *folder;
    const char *name; /* the last one, behind the folder's in `paths` */
    size_t name_len;
    int watch;
    bool is_inside; /* of what is watched as a whole: every name in it counts */
};

struct ot_watcher {
    struct ot_list paths;
    struct parent *parents; /* of each path */
    uint64_t quiet_ms;
    void (*changed)(void *context);
    void *context;
    int fd; /* inotify */
    size_t folders;
    uint8_t state[OT_SHA256_SIZE]; /* of all that is watched */
    uv_poll_t poll;
    uv_timer_t timer;
    uint64_t first_event; /* since it was looked at last; uv_now */
    unsigned open_handles;
};

/* Looks at everything, adding watches on the way: what is new is watched before it is read. */
struct walk {
    struct ot_watcher *watcher;
    struct ot_sha256 hash;
    unsigned depth;
};

static bool is_skipped(const char *name)
{
    return *name == '.' || strcmp(name, "node_modules") == 0;
}

/* `*watch` becomes inotify's number of it, -1 when it is not there. */
static int watch_folder(struct ot_watcher *watcher, const char *path, int *watch,
                        struct ot_error *err)
{
    if (watcher->folders >= FOLDERS_MAX)
        return ot_fail(err, OT_USAGE, "cannot watch %s: more than %u folders", path, FOLDERS_MAX);
    *watch = inotify_add_watch(watcher->fd, path, EVENTS | IN_ONLYDIR);
    if (*watch < 0 && errno != ENOENT && errno != ENOTDIR)
        return ot_fail_errno(err, OT_FAILED, "cannot watch %s", path);
    watcher->folders++;
    return 0;
}

static void note(struct walk *walk, const char *path, const struct stat *info)
{
    const int64_t facts[] = {(int64_t)info->st_dev,         (int64_t)info->st_ino,
                             (int64_t)info->st_mode,        (int64_t)info->st_size,
                             (int64_t)info->st_mtim.tv_sec, (int64_t)info->st_mtim.tv_nsec};

    ot_sha256_update(&walk->hash, path, strlen(path) + 1);
    /* a folder's own size and time change with what is skipped in it */
    ot_sha256_update(&walk->hash, facts,
                     S_ISDIR(info->st_mode) ? 3 * sizeof(*facts) : sizeof(facts));
}

static int look_at(struct walk *walk, const char *path, struct ot_error *err);

static int look_into(struct walk *walk, const char *path, struct ot_error *err)
{
    OT_AUTOCLOSE int fd = -1;
    OT_AUTOLIST struct ot_list names = {0};
    struct ot_watcher *watcher = walk->watcher;
    struct ot_error gone;
    int watch = -1;

    if (watch_folder(watcher, path, &watch, err) < 0)
        return -1;
    for (size_t i = 0; i < watcher->paths.count; i++) {
        if (watcher->parents[i].watch == watch)
            watcher->parents[i].is_inside = true;
    }
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || walk->depth >= DEPTH_MAX || ot_list_dir(fd, &names, path, &gone) < 0)
        return 0; /* a change that comes later tells again */
    walk->depth++;
    for (size_t i = 0; i < names.count; i++) {
        OT_AUTOFREE char *below = ot_asprintf("%s/%s", path, names.items[i]);

        if (!is_skipped(names.items[i]) && look_at(walk, below, err) < 0)
            return -1;
    }
    walk->depth--;
    return 0;
}

static int look_at(struct walk *walk, const char *path, struct ot_error *err)
{
    struct stat info;

    if (lstat(path, &info) < 0)
        return 0;
    note(walk, path, &info);
    return S_ISDIR(info.st_mode) ? look_into(walk, path, err) : 0;
}

static void find_parent(const char *path, struct parent *parent)
{
    size_t len = strlen(path);
    const char *slash;

    while (len > 1 && path[len - 1] == '/')
        len--;
    slash = memrchr(path, '/', len);
    parent->name = slash != NULL ? slash + 1 : path;
    parent->name_len = len - (size_t)(parent->name - path);
    if (slash == NULL)
        parent->folder = ot_strdup(".");
    else
        parent->folder = ot_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int look(struct ot_watcher *watcher, uint8_t state[OT_SHA256_SIZE], struct ot_error *err)
{
    struct walk walk = {.watcher = watcher};

    ot_sha256_init(&walk.hash);
    watcher->folders = 0;
    for (size_t i = 0; i < watcher->paths.count; i++) {
        watcher->parents[i].is_inside = false;
        if (watch_folder(watcher, watcher->parents[i].folder, &watcher->parents[i].watch, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < watcher->paths.count; i++) {
        if (look_at(&walk, watcher->paths.items[i], err) < 0)
            return -1;
    }
    ot_sha256_final(&walk.hash, state);
    return 0;
}

static void on_quiet(uv_timer_t *timer)
{
    struct ot_watcher *watcher = timer->data;
    uint8_t state[OT_SHA256_SIZE];
    struct ot_error err;

    /* a tree that cannot be looked at any more has changed; whoever reads it next says how */
    if (look(watcher, state, &err) == 0) {
        if (memcmp(state, watcher->state, sizeof(state)) == 0)
            return;
        memcpy(watcher->state, state, sizeof(state));
    }
    watcher->changed(watcher->context);
}

/* What happens beside a watched path is not our business. */
static bool concerns_us(const struct ot_watcher *watcher, const struct inotify_event *event)
{
    bool is_parent = false;

    for (size_t i = 0; i < watcher->paths.count; i++) {
        const struct parent *parent = &watcher->parents[i];

        if (parent->watch != event->wd)
            continue;
        if (parent->is_inside || (event->len > parent->name_len &&
                                  strncmp(event->name, parent->name, parent->name_len) == 0 &&
                                  event->name[parent->name_len] == '\0'))
            return true;
        is_parent = true;
    }
    return !is_parent;
}

static bool read_events(struct ot_watcher *watcher)
{
    _Alignas(struct inotify_event) char buffer[16384];
    bool any = false;
    ssize_t got;

    while ((got = read(watcher->fd, buffer, sizeof(buffer))) > 0) {
        for (const char *at = buffer; at < buffer + got;) {
            const struct inotify_event *event = (const void *)at;

            any = any || concerns_us(watcher, event);
            at += sizeof(*event) + event->len;
        }
    }
    return any;
}

/* Waits for quiet, but not for ever. */
static void on_events(uv_poll_t *poll, int status, int events)
{
    struct ot_watcher *watcher = poll->data;
    uint64_t now = uv_now(poll->loop);

    (void)status;
    (void)events;
    if (!read_events(watcher))
        return;
    if (!uv_is_active((uv_handle_t *)&watcher->timer))
        watcher->first_event = now;
    else if (now - watcher->first_event >= PATIENCE * watcher->quiet_ms)
        return;
    uv_timer_start(&watcher->timer, on_quiet, watcher->quiet_ms, 0);
}

static void free_watcher(struct ot_watcher *watcher)
{
    ot_autoclose(&watcher->fd);
    for (size_t i = 0; i < watcher->paths.count; i++)
        free(watcher->parents[i].folder);
    free(watcher->parents);
    ot_list_free(&watcher->paths);
    free(watcher);
}

int ot_watcher_open(uv_loop_t *loop, const struct ot_list *paths, uint64_t quiet_ms,
                    void (*changed)(void *context), void *context, struct ot_watcher **out,
                    struct ot_error *err)
{
    struct ot_watcher *watcher = ot_alloc(1, sizeof(*watcher));

    *watcher = (struct ot_watcher){.quiet_ms = quiet_ms, .changed = changed, .context = context};
    watcher->parents = ot_alloc(paths->count, sizeof(*watcher->parents));
    for (size_t i = 0; i < paths->count; i++) {
        ot_list_add(&watcher->paths, paths->items[i]);
        find_parent(watcher->paths.items[i], &watcher->parents[i]);
    }
    watcher->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watcher->fd < 0 || look(watcher, watcher->state, err) < 0 ||
        uv_poll_init(loop, &watcher->poll, watcher->fd) < 0) {
        if (watcher->fd < 0)
            (void)ot_fail_errno(err, OT_FAILED, "inotify");
        free_watcher(watcher);
        return -1;
    }
    uv_timer_init(loop, &watcher->timer);
    watcher->poll.data = watcher;
    watcher->timer.data = watcher;
    watcher->open_handles = 2;
    uv_poll_start(&watcher->poll, UV_READABLE, on_events);
    *out = watcher;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct ot_watcher *watcher = handle->data;

    if (--watcher->open_handles == 0)
        free_watcher(watcher);
}

void ot_watcher_close(struct ot_watcher *watcher)
{
    if (watcher == NULL)
        return;
    uv_close((uv_handle_t *)&watcher->poll, on_closed);
    uv_close((uv_handle_t *)&watcher->timer, on_closed);
}
