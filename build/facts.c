#include "build/facts.h"

#include "base/file.h"
#include "build/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (256u << 20) /* bytes of a module */
#define AT_A_TIME 16u         /* facts that a thread takes */
#define ALONE_MAX 128u        /* facts for which a second thread is not worth its making */

void ot_facts_free(struct ot_facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        free(facts->items[i].path);
        free(facts->items[i].users);
    }
    free(facts->items);
    *facts = (struct ot_facts){0};
}

void ot_facts_put(struct ot_facts *facts, enum ot_fact_kind kind, const char *path,
                  struct ot_span state, const uint64_t *users)
{
    size_t words = OT_BITS_WORDS(facts->functions);
    struct ot_fact *fact;

    if (facts->count == facts->cap) {
        facts->cap = facts->cap == 0 ? 256 : 2 * facts->cap;
        facts->items = ot_realloc(facts->items, facts->cap, sizeof(*facts->items));
    }
    fact = &facts->items[facts->count++];
    *fact = (struct ot_fact){.kind = kind, .path = ot_strdup(path)};
    if (state.len < sizeof(fact->state))
        memcpy(fact->state, state.data, state.len);
    fact->users = ot_alloc(words, sizeof(*fact->users));
    ot_bits_join(fact->users, users, words);
}

void ot_facts_add(struct ot_facts *facts, enum ot_fact_kind kind, const char *path,
                  const uint64_t *users)
{
    ot_facts_put(facts, kind, path, OT_SPAN(""), users);
}

/* -- where resolvers look ---------------------------------------------------------------------- */

/* The extensions that a build tries (--resolve-extensions). */
static const char *const extensions[] = {".tsx", ".ts",  ".jsx", ".js",  ".mts",
                                         ".mjs", ".cjs", ".css", ".json"};
/* TypeScript's way to name a file by what it is compiled to. */
static const char *const rewritten[][3] = {{".js", ".ts", ".tsx"},
                                           {".jsx", ".ts", ".tsx"},
                                           {".mjs", ".mts", NULL},
                                           {".cjs", ".cts", NULL}};

static void add_file(struct ot_facts *facts, const char *base, const uint64_t *users)
{
    size_t len = strlen(base);

    ot_facts_add(facts, OT_FACT_ENTRY, base, users);
    for (size_t i = 0; i < OT_COUNT(extensions); i++) {
        OT_AUTOFREE char *path = ot_asprintf("%s%s", base, extensions[i]);

        ot_facts_add(facts, OT_FACT_ENTRY, path, users);
    }
    for (size_t i = 0; i < OT_COUNT(rewritten); i++) {
        size_t ending = strlen(rewritten[i][0]);

        if (!ot_span_ends(ot_span_of(base), rewritten[i][0]))
            continue;
        for (size_t j = 1; j < 3 && rewritten[i][j] != NULL; j++) {
            OT_AUTOFREE char *path =
                ot_asprintf("%.*s%s", (int)(len - ending), base, rewritten[i][j]);

            ot_facts_add(facts, OT_FACT_ENTRY, path, users);
        }
    }
}

/* What is a link on the way may lead elsewhere tomorrow. */
static void add_folders(struct ot_facts *facts, const char *base, const uint64_t *users)
{
    OT_AUTOFREE char *folder = ot_path_folder(base);

    while (strcmp(folder, "/") != 0) {
        char *above = ot_path_folder(folder);

        ot_facts_add(facts, OT_FACT_ENTRY, folder, users);
        free(folder);
        folder = above;
    }
}

void ot_facts_add_path(struct ot_facts *facts, const char *base, const uint64_t *users)
{
    OT_AUTOFREE char *manifest = ot_path_join(base, OT_SPAN("package.json"));
    OT_AUTOFREE char *index = ot_path_join(base, OT_SPAN("index"));

    add_folders(facts, base, users);
    add_file(facts, base, users);
    ot_facts_add(facts, OT_FACT_CONTENT, manifest, users);
    add_file(facts, index, users);
}

void ot_facts_add_package(struct ot_facts *facts, const char *folder, struct ot_span name,
                          const char *found, const uint64_t *users)
{
    OT_AUTOFREE char *above = ot_strdup(folder);

    for (;;) {
        OT_AUTOFREE char *modules = ot_path_join(above, OT_SPAN("node_modules"));
        OT_AUTOFREE char *package = ot_path_join(modules, name);
        char *parent;

        ot_facts_add(facts, OT_FACT_ENTRY, modules, users);
        ot_facts_add(facts, OT_FACT_ENTRY, package, users);
        if ((found != NULL && ot_path_is_beneath(found, package)) || strcmp(above, "/") == 0)
            return;
        parent = ot_path_folder(above);
        free(above);
        above = parent;
    }
}

/* -- looking ----------------------------------------------------------------------------------- */

struct timespec ot_facts_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now;
}

int ot_facts_compare_times(struct timespec a, struct timespec b)
{
    if (a.tv_sec != b.tv_sec)
        return a.tv_sec < b.tv_sec ? -1 : 1;
    return a.tv_nsec != b.tv_nsec ? (a.tv_nsec < b.tv_nsec ? -1 : 1) : 0;
}

/* A file that changed in the same tick of the clock may have done so afterwards. */
static bool is_newer(const struct stat *info, struct timespec start)
{
    return ot_facts_compare_times(info->st_ctim, start) >= 0;
}

static void set_mark(char state[OT_SHA256_HEX], char mark)
{
    state[0] = mark;
    state[1] = '\0';
}

/* -1: it cannot be told. `info` is of what is there. */
static int look_at_content(const char *path, char state[OT_SHA256_HEX], struct stat *info)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_error ignored;
    OT_AUTOCLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        set_mark(state, '-');
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    }
    if (fstat(fd, info) < 0)
        return -1;
    set_mark(state, '?');
    if (!S_ISREG(info->st_mode))
        return 0;
    if (ot_read_fd(fd, FILE_MAX, &text, path, &ignored) < 0)
        return -1;
    ot_sha256_hex(ot_buf_span(&text), state);
    return 0;
}

static int look_at_entry(const char *path, char state[OT_SHA256_HEX], struct stat *info)
{
    char link[PATH_MAX];
    struct stat target;
    ssize_t len;

    if (lstat(path, info) < 0) {
        set_mark(state, '-');
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    }
    set_mark(state, S_ISREG(info->st_mode) ? 'f' : S_ISDIR(info->st_mode) ? 'd' : '?');
    if (!S_ISLNK(info->st_mode))
        return 0;
    len = readlink(path, link, sizeof(link));
    if (len < 0 || (size_t)len >= sizeof(link) - 1)
        return -1;
    /* a link to nothing is not there for whoever follows it */
    link[len++] = stat(path, &target) < 0 ? '-' : S_ISDIR(target.st_mode) ? 'd' : 'f';
    ot_sha256_hex((struct ot_span){link, (size_t)len}, state);
    return 0;
}

static int look(const struct ot_fact *fact, char state[OT_SHA256_HEX], struct stat *info)
{
    return fact->kind == OT_FACT_CONTENT ? look_at_content(fact->path, state, info)
                                         : look_at_entry(fact->path, state, info);
}

void ot_facts_check(const struct ot_facts *facts, uint64_t *changed)
{
    size_t words = OT_BITS_WORDS(facts->functions);

    for (size_t i = 0; i < facts->count; i++) {
        const struct ot_fact *fact = &facts->items[i];
        char state[OT_SHA256_HEX] = "";
        struct stat info;

        if (look(fact, state, &info) < 0 || strcmp(state, fact->state) != 0)
            ot_bits_join(changed, fact->users, words);
    }
}

/* -- settling ---------------------------------------------------------------------------------- */

static int compare_facts(const void *a, const void *b)
{
    const struct ot_fact *left = a, *right = b;

    return left->kind != right->kind ? (left->kind < right->kind ? -1 : 1)
                                     : strcmp(left->path, right->path);
}

static void sort_unique(struct ot_facts *facts)
{
    size_t words = OT_BITS_WORDS(facts->functions), kept = 0;

    if (facts->count == 0)
        return;
    qsort(facts->items, facts->count, sizeof(*facts->items), compare_facts);
    for (size_t i = 1; i < facts->count; i++) {
        struct ot_fact *last = &facts->items[kept], *fact = &facts->items[i];

        if (compare_facts(last, fact) != 0) {
            facts->items[++kept] = *fact;
            continue;
        }
        ot_bits_join(last->users, fact->users, words);
        free(fact->path);
        free(fact->users);
    }
    facts->count = kept + 1;
}

/*
 * A folder's time changes with what is put into it. Above the functions folder that is everybody's
 * business; in and beneath it, and for node_modules, a change is taken for one that matters.
 */
static bool counts_time(const struct ot_fact *fact, const struct stat *info, const char *within)
{
    return !S_ISDIR(info->st_mode) || ot_path_is_installed(fact->path) ||
           (ot_path_is_beneath(fact->path, within) && strcmp(fact->path, within) != 0);
}

static bool settle(struct ot_fact *fact, const char *within, struct timespec start)
{
    struct stat info = {0};

    if (look(fact, fact->state, &info) < 0)
        return false;
    return strcmp(fact->state, "-") == 0 || !counts_time(fact, &info, within) ||
           !is_newer(&info, start);
}

/* Settling, by several threads: each takes some facts at a time. */
struct settling {
    struct ot_facts *facts;
    const struct ot_facts *known;
    const char *within;
    struct timespec start;
    atomic_size_t next;
    atomic_bool failed;
};

static bool settle_one(const struct settling *settling, struct ot_fact *fact)
{
    const struct ot_facts *known = settling->known;
    const struct ot_fact *old =
        known == NULL || known->count == 0
            ? NULL
            : bsearch(fact, known->items, known->count, sizeof(*fact), compare_facts);

    if (old == NULL)
        return settle(fact, settling->within, settling->start);
    memcpy(fact->state, old->state, sizeof(fact->state));
    return true;
}

static void *settle_some(void *context)
{
    struct settling *settling = context;
    const struct ot_facts *facts = settling->facts;

    while (!atomic_load(&settling->failed)) {
        size_t first = atomic_fetch_add(&settling->next, AT_A_TIME);

        if (first >= facts->count)
            break;
        for (size_t i = first; i < facts->count && i < first + AT_A_TIME; i++) {
            if (!settle_one(settling, &facts->items[i]))
                atomic_store(&settling->failed, true);
        }
    }
    return NULL;
}

bool ot_facts_settle(struct ot_facts *facts, const struct ot_facts *known, const char *within,
                     struct timespec start)
{
    struct settling settling = {facts, known, within, start, 0, false};
    pthread_t helper;
    bool helped;

    if (facts->unknown)
        return false;
    sort_unique(facts);
    helped = facts->count > ALONE_MAX && pthread_create(&helper, NULL, settle_some, &settling) == 0;
    settle_some(&settling);
    if (helped)
        pthread_join(helper, NULL);
    return !atomic_load(&settling.failed);
}
