#include "build/components.h"

#include "base/file.h"
#include "build/graph.h"
#include "build/installed.h"
#include "build/path.h"
#include "build/purl.h"
#include "build/relabel.h"
#include "build/runtime.h"
#include "build/shim.h"
#include "build/specifiers.h"

#include <stdlib.h>
#include <string.h>

#define SHIM "onetube-shim:"
#define WEB "onetube-https:"
#define ENTRY OT_ENTRY_NAMESPACE ":"
#define FILE_MAX (256u << 20) /* bytes */

/* The modules of one folder of a package, of one URL, or of onetube. */
struct group {
    enum ot_component_kind kind;
    char *key; /* the package's folder; the URL; "" */
    struct ot_installed package;
    struct ot_list lines; /* "<path>\n<SHA-256>" of the files that are in a bundle */
    uint64_t *users;      /* the functions; NULL: nothing of it is in a bundle */
    size_t component;
};

#define OWN SIZE_MAX /* in place of a group: the project's files */

struct finder {
    const struct ot_bundle *bundle;
    const struct ot_sources *sources;
    struct ot_installed_locks locks;
    struct ot_graph inputs;
    size_t words;
    size_t *group_of; /* of each input */
    uint64_t *users;  /* of each input */
    struct group *groups;
    size_t group_count;
    struct ot_components *out;
};

static void free_finder(struct finder *finder)
{
    for (size_t i = 0; i < finder->group_count; i++) {
        struct group *group = &finder->groups[i];

        free(group->key);
        free(group->users);
        ot_installed_free(&group->package);
        ot_list_free(&group->lines);
    }
    free(finder->groups);
    free(finder->group_of);
    free(finder->users);
    ot_installed_locks_free(&finder->locks);
    ot_graph_close(&finder->inputs);
}

void ot_components_free(struct ot_components *components)
{
    if (components == NULL)
        return;
    for (size_t i = 0; i < components->count; i++) {
        struct ot_component *component = &components->items[i];

        free(component->ref);
        free(component->purl);
        free(component->name);
        free(component->version);
        free(component->license);
        free(component->digest);
        ot_list_free(&component->functions);
        ot_list_free(&component->needs);
    }
    for (size_t i = 0; i < components->source_count; i++)
        free(components->sources[i].path);
    free(components->items);
    free(components->sources);
    ot_list_free(&components->needs);
    free(components);
}

/* -- which modules belong together ------------------------------------------------------------- */

/* The folder of the package that a file is in. */
static char *package_folder(const char *path)
{
    struct ot_span inside = ot_relabel_path(ot_span_of(path)), name;

    inside = ot_span_skip(inside, strlen("node_modules/"));
    if (!ot_specifier_package(inside, &name))
        name = inside;
    return ot_strndup(path, (size_t)(name.data + name.len - path));
}

static size_t find_group(struct finder *finder, enum ot_component_kind kind, char *key)
{
    for (size_t i = finder->group_count; i-- > 0;) { /* neighbours are mostly of one */
        if (finder->groups[i].kind == kind && strcmp(finder->groups[i].key, key) == 0) {
            free(key);
            return i;
        }
    }
    finder->groups = ot_realloc(finder->groups, finder->group_count + 1, sizeof(*finder->groups));
    finder->groups[finder->group_count] = (struct group){.kind = kind, .key = key};
    return finder->group_count++;
}

static size_t group_of(struct finder *finder, const char *path)
{
    if (strncmp(path, WEB, strlen(WEB)) == 0)
        return find_group(finder, OT_COMPONENT_MODULE, ot_strdup(path + strlen(WEB)));
    if (strncmp(path, ENTRY, strlen(ENTRY)) == 0)
        return OWN;
    if (ot_metafile_is_virtual(path))
        return find_group(finder, OT_COMPONENT_RUNTIME, ot_strdup(""));
    if (ot_path_is_installed(path))
        return find_group(finder, OT_COMPONENT_PACKAGE, package_folder(path));
    return OWN;
}

/* -- what is in the bundles -------------------------------------------------------------------- */

/* The functions whose outputs have a byte of it, for each input. */
static void find_users(struct finder *finder)
{
    const struct ot_metafile *metafile = &finder->bundle->metafile;
    size_t words = finder->words;
    OT_AUTOGRAPH struct ot_graph outputs = {0};
    OT_AUTOFREE size_t *starts = ot_alloc(finder->sources->count + 1, sizeof(*starts));
    OT_AUTOFREE uint64_t *makers = NULL;

    ot_graph_open(&outputs, &metafile->outputs);
    for (size_t i = 0; i < finder->sources->count; i++) {
        OT_AUTOFREE char *path = ot_asprintf("functions/%s.js", finder->sources->items[i].name);

        starts[i] = ot_graph_find(&outputs, path);
    }
    makers = ot_graph_reach(&outputs, starts, finder->sources->count, true);
    finder->users = ot_alloc(metafile->inputs.count * words + 1, sizeof(*finder->users));
    for (size_t i = 0; i < metafile->outputs.count; i++) {
        const struct ot_metafile_node *output = &metafile->outputs.items[i];

        for (size_t j = 0; j < output->part_count; j++) {
            size_t input = ot_graph_find(&finder->inputs, output->parts[j].path);

            if (input != OT_NO_NODE && output->parts[j].bytes > 0)
                ot_bits_join(&finder->users[input * words], &makers[i * words], words);
        }
    }
}

/*
 * The digest of an input, whose name in the metafile may end in a query or in import attributes.
 * `file` is a path relative to the functions folder, and loses such an end.
 */
static int hash_file(const struct finder *finder, char *file, char sha256[OT_SHA256_HEX],
                     struct ot_error *err)
{
    OT_AUTOFREE char *whole = ot_path_join(finder->locks.folder, ot_span_of(file));
    OT_AUTOFREE char *path = NULL;
    OT_AUTOBUF struct ot_buf bytes = {0};
    char *end;

    if (ot_read_file(whole, FILE_MAX, &bytes, err) < 0) {
        end = strstr(file, " with {");
        file[end != NULL ? (size_t)(end - file) : strcspn(file, "?#")] = '\0';
        path = ot_path_join(finder->locks.folder, ot_span_of(file));
        ot_buf_clear(&bytes);
        if (ot_read_file(path, FILE_MAX, &bytes, err) < 0)
            return -1;
    }
    ot_sha256_hex(ot_buf_span(&bytes), sha256);
    return 0;
}

/* Of a module that onetube brings along. */
static struct ot_span runtime_file(const struct finder *finder, const char *name)
{
    struct ot_span file = ot_shim_file(ot_span_of(name));
    const struct ot_bundle_file *runtime = ot_bundle_find(finder->bundle, OT_RUNTIME_FILE);

    return file.data == NULL && runtime != NULL ? runtime->data : file;
}

static int add_line(const struct finder *finder, struct group *group, const char *path,
                    struct ot_error *err)
{
    OT_AUTOFREE char *file = ot_strdup(path);
    OT_AUTOFREE char *line = NULL;
    char sha256[OT_SHA256_HEX];

    if (group->kind == OT_COMPONENT_RUNTIME) {
        const char *name = path + strlen(SHIM);
        struct ot_span text;

        if (strncmp(path, SHIM, strlen(SHIM)) != 0) /* made for one function: not onetube's */
            return 0;
        text = runtime_file(finder, name);
        ot_sha256_hex(text, sha256);
        line = ot_asprintf("%s\n%s", name, sha256);
    } else {
        if (hash_file(finder, file, sha256, err) < 0)
            return -1;
        line = ot_asprintf("%s\n%s", file + strlen(group->key) + 1, sha256);
    }
    ot_list_add(&group->lines, line);
    return 0;
}

/* What is known of each group that is in a bundle. */
static int describe_groups(struct finder *finder, struct ot_error *err)
{
    const struct ot_metafile_nodes *inputs = finder->inputs.nodes;

    for (size_t i = 0; i < inputs->count; i++) {
        const uint64_t *users = &finder->users[i * finder->words];
        struct group *group;

        if (finder->group_of[i] == OWN || ot_bits_empty(users, finder->words))
            continue;
        group = &finder->groups[finder->group_of[i]];
        if (group->users == NULL) {
            group->users = ot_alloc(finder->words, sizeof(*group->users));
            if (group->kind == OT_COMPONENT_PACKAGE)
                ot_installed_describe(&finder->locks, group->key, &group->package);
        }
        ot_bits_join(group->users, users, finder->words);
        if (group->package.digest == NULL && group->kind != OT_COMPONENT_MODULE &&
            add_line(finder, group, inputs->items[i].path, err) < 0)
            return -1;
    }
    return 0;
}

/* -- components -------------------------------------------------------------------------------- */

static int compare_texts(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b ? 0 : a == NULL ? -1 : 1;
    return strcmp(a, b);
}

/* Groups that are equal here are one component: copies of one package. */
static int compare_groups(const void *a, const void *b)
{
    const struct group *left = *(struct group *const *)a, *right = *(struct group *const *)b;
    int order = (left->kind > right->kind) - (left->kind < right->kind);

    if (order == 0 && left->kind == OT_COMPONENT_MODULE)
        return strcmp(left->key, right->key);
    if (order == 0)
        order = compare_texts(left->package.name, right->package.name);
    if (order == 0)
        order = compare_texts(left->package.version, right->package.version);
    return order != 0 ? order : compare_texts(left->package.digest, right->package.digest);
}

static void begin_module(const struct finder *finder, const struct group *group,
                         struct ot_component *out)
{
    OT_AUTOFREE char *url =
        ot_strndup(group->key, strstr(group->key, " with {") != NULL
                                   ? (size_t)(strstr(group->key, " with {") - group->key)
                                   : strlen(group->key));
    const struct ot_lock_module *module = ot_lock_module(&finder->locks.vendored->lock, url);

    if (module != NULL) {
        out->algorithm = "SHA-256";
        out->digest = ot_strdup(module->sha256);
    }
    out->purl = ot_purl_download(url, out->digest);
    out->name = OT_STEAL(url);
}

static void begin_component(const struct finder *finder, const struct group *group,
                            struct ot_component *out)
{
    const struct ot_installed *package = &group->package;

    *out = (struct ot_component){.kind = group->kind};
    if (group->kind == OT_COMPONENT_MODULE) {
        begin_module(finder, group, out);
    } else if (group->kind == OT_COMPONENT_RUNTIME) {
        out->name = ot_strdup("onetube");
        out->version = ot_strdup(OT_VERSION);
        out->license = ot_strdup("MIT");
        out->purl = ot_purl_generic(out->name, out->version);
    } else {
        out->name = ot_strdup(package->name);
        out->version = package->version != NULL ? ot_strdup(package->version) : NULL;
        out->license = package->license != NULL ? ot_strdup(package->license) : NULL;
        out->purl = ot_purl_npm(out->name, out->version);
        out->algorithm = package->algorithm;
        out->digest = package->digest != NULL ? ot_strdup(package->digest) : NULL;
    }
}

/* The digest of the files where there is none of the whole. */
static void end_component(struct ot_component *component, struct ot_list *lines)
{
    OT_AUTOBUF struct ot_buf index = {0};
    char sha256[OT_SHA256_HEX];

    if (component->digest != NULL || lines->count == 0)
        return;
    ot_list_sort_unique(lines);
    for (size_t i = 0; i < lines->count; i++) {
        size_t len = strcspn(lines->items[i], "\n");

        ot_buf_printf(&index, "%s  %.*s\n", lines->items[i] + len + 1, (int)len, lines->items[i]);
    }
    ot_sha256_hex(ot_buf_span(&index), sha256);
    component->algorithm = "SHA-256";
    component->digest = ot_strdup(sha256);
    component->of_files = true;
}

static void add_users(const struct finder *finder, const struct group *group,
                      struct ot_component *out)
{
    for (size_t i = 0; i < finder->sources->count; i++) {
        if (ot_bits_has(group->users, i))
            ot_list_add(&out->functions, finder->sources->items[i].name);
    }
    ot_list_sort_unique(&out->functions);
}

static void make_components(struct finder *finder)
{
    struct ot_components *out = finder->out;
    OT_AUTOFREE struct group **order = ot_alloc(finder->group_count + 1, sizeof(struct group *));
    OT_AUTOLIST struct ot_list lines = {0};
    size_t count = 0;

    for (size_t i = 0; i < finder->group_count; i++) {
        if (finder->groups[i].users != NULL)
            order[count++] = &finder->groups[i];
    }
    qsort(order, count, sizeof(*order), compare_groups);
    out->items = ot_alloc(count + 1, sizeof(*out->items));
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_groups(&order[i - 1], &order[i]) != 0)
            begin_component(finder, order[i], &out->items[out->count++]);
        order[i]->component = out->count - 1;
        add_users(finder, order[i], &out->items[out->count - 1]);
        for (size_t j = 0; j < order[i]->lines.count; j++)
            ot_list_add(&lines, order[i]->lines.items[j]);
        if (i + 1 == count || compare_groups(&order[i], &order[i + 1]) != 0) {
            end_component(&out->items[out->count - 1], &lines);
            ot_list_free(&lines);
        }
    }
}

static void name_components(struct ot_components *out)
{
    for (size_t i = 0; i < out->count; i++) {
        size_t before = 0;

        for (size_t j = 0; j < i; j++)
            before += strcmp(out->items[j].purl, out->items[i].purl) == 0;
        out->items[i].ref = before == 0 ? ot_strdup(out->items[i].purl)
                                        : ot_asprintf("%s#%zu", out->items[i].purl, before + 1);
    }
}

/* -- who needs whom ---------------------------------------------------------------------------- */

/* What the input imports, also through packages of which nothing is in a bundle. */
static void add_needs(const struct finder *finder, size_t input, const struct group *from,
                      bool *seen, struct ot_list *needs)
{
    for (size_t i = finder->inputs.first[input]; i < finder->inputs.first[input + 1]; i++) {
        size_t to = finder->inputs.edges[i].to;
        const struct group *group;

        if (finder->group_of[to] == OWN)
            continue;
        group = &finder->groups[finder->group_of[to]];
        if (group->users == NULL && !seen[to]) {
            seen[to] = true;
            add_needs(finder, to, from, seen, needs);
        } else if (group->users != NULL && (from == NULL || group->component != from->component)) {
            ot_list_add(needs, finder->out->items[group->component].ref);
        }
    }
}

static void find_needs(struct finder *finder)
{
    struct ot_components *out = finder->out;
    size_t inputs = finder->inputs.nodes->count;
    OT_AUTOFREE bool *seen = ot_alloc(inputs + 1, sizeof(*seen));

    for (size_t i = 0; i < inputs; i++) {
        if (finder->group_of[i] == OWN)
            add_needs(finder, i, NULL, seen, &out->needs);
    }
    ot_list_sort_unique(&out->needs);
    for (size_t i = 0; i < finder->group_count; i++) {
        const struct group *from = &finder->groups[i];

        if (from->users == NULL)
            continue;
        memset(seen, 0, inputs * sizeof(*seen));
        for (size_t j = 0; j < inputs; j++) {
            if (finder->group_of[j] == i)
                add_needs(finder, j, from, seen, &out->items[from->component].needs);
        }
    }
    for (size_t i = 0; i < out->count; i++)
        ot_list_sort_unique(&out->items[i].needs);
}

/* -- the project's own ------------------------------------------------------------------------- */

static int compare_sources(const void *a, const void *b)
{
    const struct ot_own_source *left = a, *right = b;

    return strcmp(left->path, right->path);
}

static int add_source(struct finder *finder, const char *path, struct ot_error *err)
{
    struct ot_components *out = finder->out;
    struct ot_own_source *source = &out->sources[out->source_count++];

    source->path = ot_strdup(path);
    return hash_file(finder, source->path, source->sha256, err);
}

static int find_sources(struct finder *finder, struct ot_error *err)
{
    const struct ot_metafile_nodes *inputs = finder->inputs.nodes;
    struct ot_components *out = finder->out;
    size_t kept = 0;

    out->sources = ot_alloc(inputs->count + 1, sizeof(*out->sources));
    for (size_t i = 0; i < inputs->count; i++) {
        if (finder->group_of[i] == OWN &&
            strncmp(inputs->items[i].path, ENTRY, strlen(ENTRY)) != 0 &&
            add_source(finder, inputs->items[i].path, err) < 0)
            return -1;
    }
    if (finder->locks.vendored->has_lock && add_source(finder, OT_LOCK_NAME, err) < 0)
        return -1;
    qsort(out->sources, out->source_count, sizeof(*out->sources), compare_sources);
    for (size_t i = 0; i < out->source_count; i++) { /* imported in two ways */
        if (kept > 0 && strcmp(out->sources[kept - 1].path, out->sources[i].path) == 0)
            free(out->sources[i].path);
        else
            out->sources[kept++] = out->sources[i];
    }
    out->source_count = kept;
    return 0;
}

int ot_components_find(const struct ot_bundle *bundle, const struct ot_sources *sources,
                       const struct ot_vendored *vendored, const char *folder,
                       struct ot_components **out, struct ot_error *err)
{
    OT_CLEANUP(free_finder)
    struct finder finder = {.bundle = bundle,
                            .sources = sources,
                            .words = OT_BITS_WORDS(sources->count),
                            .locks = {.vendored = vendored, .folder = folder}};
    const struct ot_metafile_nodes *inputs = &bundle->metafile.inputs;

    finder.out = *out = ot_alloc(1, sizeof(**out));
    ot_graph_open(&finder.inputs, inputs);
    finder.group_of = ot_alloc(inputs->count + 1, sizeof(*finder.group_of));
    for (size_t i = 0; i < inputs->count; i++)
        finder.group_of[i] = group_of(&finder, inputs->items[i].path);
    find_users(&finder);
    if (describe_groups(&finder, err) < 0 || find_sources(&finder, err) < 0)
        return -1;
    make_components(&finder);
    name_components(finder.out);
    find_needs(&finder);
    return 0;
}
