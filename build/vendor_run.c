/* Running npm in folders of its own. */
#include "build/vendor_parts.h"

#include "base/json_write.h"
#include "base/process.h"
#include "base/text.h"
#include "build/path.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MS (15u * 60u * 1000u)
#define OUTPUT_MAX (64u << 20)

/* The lines that npm marks as errors, without what is the same in each. */
static void put_errors(struct ot_buf *out, struct ot_span text)
{
    static const char *const marks[] = {"npm error ", "npm ERR! "};
    static const char *const dull[] = {"code ", "A complete log", "Log files", "If you are"};
    size_t lines = 0;

    while (text.len > 0 && lines < 4) {
        const char *end = memchr(text.data, '\n', text.len);
        struct ot_span line = {text.data, end != NULL ? (size_t)(end - text.data) : text.len};
        bool is_error = false;

        text.data += line.len + (end != NULL);
        text.len -= line.len + (end != NULL);
        for (size_t i = 0; i < OT_COUNT(marks); i++) {
            if (ot_span_starts(line, marks[i])) {
                line = ot_span_trim((struct ot_span){line.data + 9, line.len - 9});
                is_error = line.len > 0;
            }
        }
        for (size_t i = 0; i < OT_COUNT(dull); i++)
            is_error = is_error && !ot_span_starts(line, dull[i]);
        if (is_error) {
            ot_buf_puts(out, lines++ > 0 ? "; " : "");
            ot_buf_append(out, line.data, line.len);
        }
    }
}

static void add_arguments(struct ot_list *argv, const char *const *arguments)
{
    static const char *const always[] = {"--ignore-scripts", "--no-bin-links", "--no-audit",
                                         "--no-fund", "--no-update-notifier", "--loglevel=error",
                                         /* no project around it */
                                         "--prefix=.", "--workspaces=false",
                                         /* the same lock whichever registry it came from */
                                         "--omit-lockfile-registry-resolved", NULL};

    for (; *arguments != NULL; arguments++)
        ot_list_add(argv, *arguments);
    for (size_t i = 0; always[i] != NULL; i++)
        ot_list_add(argv, always[i]);
}

int ot_vendor_run_npm(struct ot_vendoring *vendoring, const char *folder,
                      const char *const *arguments, struct ot_buf *words, struct ot_error *err)
{
    OT_AUTORESULT struct ot_process_result run = {0};
    OT_AUTOLIST struct ot_list list = {0};
    OT_AUTOFREE const char **argv = NULL;
    OT_AUTOBUF struct ot_buf said = {0};
    OT_AUTOBUF struct ot_buf readable = {0};

    if (vendoring->npm == NULL)
        vendoring->npm = ot_find_program("npm", NULL);
    if (vendoring->npm == NULL)
        return ot_fail(err, OT_TOOL,
                       "npm is missing, which gets packages: install Node.js, which has it, or put "
                       "it into PATH");
    ot_list_add(&list, vendoring->npm);
    add_arguments(&list, arguments);
    if (vendoring->jsr_option != NULL)
        ot_list_add(&list, vendoring->jsr_option);
    argv = ot_alloc(list.count + 1, sizeof(*argv));
    for (size_t i = 0; i < list.count; i++)
        argv[i] = list.items[i];

    const struct ot_process_options options = {.argv = argv,
                                               .envp = (const char *const *)(uintptr_t)environ,
                                               .cwd = folder,
                                               .die_with_parent = true,
                                               .own_group = true};

    if (ot_process_run(&options, (struct ot_span){NULL, 0}, OUTPUT_MAX, TIMEOUT_MS, &run, err) < 0)
        return -1;
    if (WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0) {
        ot_buf_append(words, run.out.data, run.out.len);
        return 0;
    }
    ot_buf_append(words, run.errors.data, run.errors.len);
    put_errors(&said, ot_buf_span(&run.errors));
    ot_buf_readable(&readable, ot_buf_span(&said));
    return ot_fail(err, OT_FAILED, "npm: %s",
                   readable.len > 0 ? readable.data : "it failed without a word");
}

/* The nearest .npmrc at or above the functions folder, for private registries. */
static char *find_settings(const struct ot_vendoring *vendoring)
{
    OT_AUTOFREE char *folder = ot_strdup(vendoring->folder);

    for (;;) {
        OT_AUTOFREE char *path = ot_path_join(folder, OT_SPAN(".npmrc"));
        OT_AUTOFREE char *git = ot_path_join(folder, OT_SPAN(".git"));
        char *parent;

        if (access(path, R_OK) == 0)
            return OT_STEAL(path);
        if (access(git, F_OK) == 0 || strcmp(folder, "/") == 0)
            return NULL;
        parent = ot_path_folder(folder);
        free(folder);
        folder = parent;
    }
}

/* Laid out the same wherever it comes from: npm goes on with what it finds. */
static int put_json(int root, const char *path, struct ot_span json, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &text, false);
    ot_jw_raw(&writer, NULL, json);
    ot_jw_end(&writer);
    return ot_write_beneath(root, path, ot_buf_span(&text), err);
}

int ot_vendor_put_project(struct ot_vendoring *vendoring, const char *path, struct ot_span package,
                          const char *package_lock, struct ot_error *err)
{
    int root = vendoring->temp.fd;
    OT_AUTOFREE char *manifest = ot_asprintf("%s/package.json", path);
    OT_AUTOFREE char *lock = ot_asprintf("%s/package-lock.json", path);
    OT_AUTOFREE char *link = ot_asprintf("%s/.npmrc", path);
    OT_AUTOFREE char *settings = find_settings(vendoring);

    if (put_json(root, manifest, package, err) < 0 ||
        (package_lock != NULL && put_json(root, lock, ot_span_of(package_lock), err) < 0))
        return -1;
    if (settings != NULL && symlinkat(settings, root, link) < 0)
        return ot_fail_errno(err, OT_FAILED, "%s", link);
    return 0;
}
