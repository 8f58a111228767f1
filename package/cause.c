#include "package/cause.h"

#include "package/cause_parts.h"
#include "package/modules.h"

#include <stdlib.h>
#include <string.h>

#define READ_MAX 200u /* static files that are read for their cause */

const char *const ot_cause_words[] = {
    [OT_CAUSE_BUILD] = "build",
    [OT_CAUSE_ESBUILD] = "esbuild",
    [OT_CAUSE_ONETUBE] = "onetube",
    [OT_CAUSE_OPTION] = "option",
    [OT_CAUSE_DEPENDENCY] = "dependency",
    [OT_CAUSE_ENGINE] = "engine",
    [OT_CAUSE_ENV] = "env",
    [OT_CAUSE_MISSING_FUNCTION] = "missing-function",
    [OT_CAUSE_EXTRA_FUNCTION] = "extra-function",
    [OT_CAUSE_CONFIG] = "config",
    [OT_CAUSE_LINE_ENDINGS] = "line-endings",
    [OT_CAUSE_PATH] = "path",
    [OT_CAUSE_SETTING] = "setting",
    [OT_CAUSE_MOVED] = "moved",
    [OT_CAUSE_SOURCE] = "source",
    [OT_CAUSE_FILE] = "file",
    [OT_CAUSE_RUNTIME] = "runtime",
    [OT_CAUSE_BUNDLER] = "bundler",
    [OT_CAUSE_FORM] = "form",
    [OT_CAUSE_UNKNOWN] = "unknown",
};

void ot_causes_free(struct ot_causes *causes)
{
    for (size_t i = 0; i < causes->count; i++) {
        free(causes->items[i].subject);
        free(causes->items[i].text);
    }
    free(causes->items);
    *causes = (struct ot_causes){0};
}

struct ot_cause *ot_cause_find(struct ot_causes *causes, enum ot_cause_kind kind,
                               const char *subject)
{
    for (size_t i = 0; subject != NULL && i < causes->count; i++) {
        struct ot_cause *cause = &causes->items[i];

        if (cause->kind == kind && cause->subject != NULL && strcmp(cause->subject, subject) == 0)
            return cause;
    }
    return NULL;
}

struct ot_cause *ot_cause_add(struct ot_causes *causes, enum ot_cause_kind kind,
                              const char *subject, char *text)
{
    struct ot_cause *cause = ot_cause_find(causes, kind, subject);

    if (cause != NULL || causes->count == OT_CAUSES_MAX) {
        causes->cut = causes->cut || cause == NULL;
        free(text);
        return cause;
    }
    if (causes->count == causes->cap) {
        causes->cap = causes->cap == 0 ? 8 : 2 * causes->cap;
        causes->items = ot_realloc(causes->items, causes->cap, sizeof(*causes->items));
    }
    cause = &causes->items[causes->count++];
    *cause = (struct ot_cause){
        .kind = kind, .subject = subject == NULL ? NULL : ot_strdup(subject), .text = text};
    return cause;
}

void ot_causes_add(struct ot_causes *causes, enum ot_cause_kind kind, char *text)
{
    ot_cause_add(causes, kind, NULL, text);
}

/* -- what the manifests say -------------------------------------------------------------------- */

static void find_builders(const struct ot_diff *diff, struct ot_causes *out)
{
    for (size_t i = 0; i < diff->builder.count; i++) {
        const struct ot_power_change *change = &diff->builder.items[i];
        bool is_esbuild = strcmp(change->what, "esbuild") == 0;
        bool is_onetube = strcmp(change->what, "onetube") == 0;

        if (is_esbuild || is_onetube)
            ot_cause_add(out, is_esbuild ? OT_CAUSE_ESBUILD : OT_CAUSE_ONETUBE, change->what,
                         ot_asprintf("another %s: the payload was built with %s, here it is %s",
                                     change->what, change->before, change->after));
        else
            ot_cause_add(out, OT_CAUSE_OPTION, change->what,
                         ot_asprintf("another option: %s was %s, here it is %s", change->what,
                                     change->before, change->after));
    }
}

/* "x was a, here it is b", or that one of them does not have it */
static char *tell_change(const struct ot_power_change *change)
{
    if (change->before == NULL)
        return ot_asprintf("%s has %s here", change->what, change->after);
    if (change->after == NULL)
        return ot_asprintf("%s had %s", change->what, change->before);
    return ot_asprintf("%s was %s, here it is %s", change->what, change->before, change->after);
}

static const char *name_setting(const char *what)
{
    if (strcmp(what, "engine") == 0)
        return "engine";
    return strcmp(what, "compatibilityDate") == 0 ? "compatibility date" : "compatibility flag";
}

static void find_of_payload(const struct ot_power_change *change, struct ot_causes *out)
{
    bool is_env = strcmp(change->what, "env") == 0;
    OT_AUTOFREE char *told = tell_change(change);

    if (is_env)
        ot_cause_add(out, OT_CAUSE_ENV, change->before != NULL ? change->before : change->after,
                     ot_asprintf("other environment names: %s is only %s",
                                 change->before != NULL ? change->before : change->after,
                                 change->before != NULL ? "in the payload" : "here"));
    else
        ot_cause_add(out, OT_CAUSE_ENGINE, NULL,
                     ot_asprintf("another %s: %s", name_setting(change->what), told));
}

static void find_of_function(const struct ot_power_change *change, struct ot_causes *out)
{
    OT_AUTOFREE char *told = tell_change(change);

    if (strcmp(change->what, "function") != 0)
        ot_cause_add(
            out, OT_CAUSE_CONFIG, change->function,
            ot_asprintf("changed settings of %s (its 1tube.json, or what stands for it): %s",
                        change->function, told));
    else if (change->after == NULL)
        ot_cause_add(out, OT_CAUSE_MISSING_FUNCTION, change->function,
                     ot_asprintf("a missing function: the payload has %s, the sources do not",
                                 change->function));
    else
        ot_cause_add(
            out, OT_CAUSE_EXTRA_FUNCTION, change->function,
            ot_asprintf("an extra function: the sources have %s, the payload does not (was it "
                        "built with --only?)",
                        change->function));
}

static void find_power(const struct ot_diff *diff, struct ot_causes *out)
{
    for (size_t i = 0; i < diff->power.count; i++) {
        if (diff->power.items[i].function == NULL)
            find_of_payload(&diff->power.items[i], out);
        else
            find_of_function(&diff->power.items[i], out);
    }
}

/* -- what files say ---------------------------------------------------------------------------- */

static bool differs_in_cr(const struct ot_diff *diff, const struct ot_member_change *change)
{
    OT_AUTOBUF struct ot_buf before = {0};
    OT_AUTOBUF struct ot_buf after = {0};
    struct ot_error ignored;

    return change->kind == OT_CHANGED &&
           ot_content_read(diff->before, change->before, &before, &ignored) == 0 &&
           ot_content_read(diff->after, change->after, &after, &ignored) == 0 &&
           ot_read_same_but_cr(ot_buf_span(&before), ot_buf_span(&after));
}

static void find_files(const struct ot_diff *diff, struct ot_causes *out)
{
    for (size_t i = 0, read = 0; i < diff->member_count; i++) {
        const struct ot_member_change *change = &diff->members[i];
        const struct ot_member *member = change->after != NULL ? change->after : change->before;
        struct ot_cause *cause;

        if (strncmp(member->path, "files/", 6) != 0)
            continue;
        if (read++ < READ_MAX && differs_in_cr(diff, change))
            cause = ot_cause_add(
                out, OT_CAUSE_LINE_ENDINGS, member->path,
                ot_asprintf("line endings: %s has others (CR LF for LF, or the other way "
                            "round)",
                            member->path));
        else
            cause = ot_cause_add(out, OT_CAUSE_FILE, member->path,
                                 ot_asprintf("a %s file: %s",
                                             change->kind == OT_ADDED     ? "new"
                                             : change->kind == OT_REMOVED ? "missing"
                                             : change->kind == OT_RENAMED ? "renamed"
                                                                          : "changed",
                                             member->path));
        if (cause != NULL)
            cause->member = change;
    }
}

/* -- where nothing of all that is to blame ----------------------------------------------------- */

static const struct ot_module_change *changed_runtime(const struct ot_diff *diff)
{
    for (size_t i = 0; i < diff->module_count; i++) {
        if (ot_module_is_runtime(ot_module_change_place(&diff->modules[i])->name))
            return &diff->modules[i];
    }
    return NULL;
}

static const struct ot_member_change *changed_bundle(const struct ot_diff *diff)
{
    for (size_t i = 0; i < diff->member_count; i++) {
        if (diff->members[i].kind == OT_CHANGED)
            return &diff->members[i];
    }
    return diff->member_count > 0 ? diff->members : NULL;
}

/* As a file: where no map and no comment tells of modules. */
static const struct ot_member_change *changed_runtime_file(const struct ot_diff *diff)
{
    for (size_t i = 0; i < diff->member_count; i++) {
        const struct ot_member_change *change = &diff->members[i];

        if (change->kind == OT_CHANGED && strcmp(change->after->path, OT_MODULES_RUNTIME) == 0)
            return change;
    }
    return NULL;
}

static void find_rest(const struct ot_diff *diff, struct ot_causes *out)
{
    const struct ot_module_change *runtime = changed_runtime(diff);
    const struct ot_member_change *bundle = changed_bundle(diff),
                                  *file = changed_runtime_file(diff);
    const char *path = NULL;

    if (bundle != NULL)
        path = (bundle->after != NULL ? bundle->after : bundle->before)->path;
    if (runtime != NULL || file != NULL) {
        struct ot_cause *cause = ot_cause_add(
            out, OT_CAUSE_RUNTIME, NULL,
            ot_asprintf("another onetube: its own code in the bundles differs, though both say %s",
                        diff->after->preview.manifest->builder_onetube));

        cause->module = runtime;
        cause->member = runtime == NULL ? file : NULL;
    } else if (path == NULL)
        ot_cause_add(
            out, OT_CAUSE_FORM, NULL,
            ot_strdup("the manifest's text: it says the same in another form, which this onetube "
                      "does not write"));
    else if (diff->insight == OT_INSIGHT_NONE)
        ot_cause_add(
            out, OT_CAUSE_UNKNOWN, path,
            ot_asprintf("unknown: %s differs, and being minified without a source map does not say "
                        "what it was made of",
                        path))
            ->member = bundle;
    else
        ot_cause_add(
            out, OT_CAUSE_BUNDLER, path,
            ot_asprintf("code around the modules of %s: the payload's is not what esbuild writes "
                        "here",
                        path))
            ->member = bundle;
}

/* -- all --------------------------------------------------------------------------------------- */

/* Stable, so that causes of one kind stay in the order of names. */
static void sort(struct ot_causes *causes)
{
    for (size_t i = 1; i < causes->count; i++) {
        struct ot_cause cause = causes->items[i];
        size_t k = i;

        for (; k > 0 && causes->items[k - 1].kind > cause.kind; k--)
            causes->items[k] = causes->items[k - 1];
        causes->items[k] = cause;
    }
}

static void choose_difference(struct ot_causes *causes)
{
    for (size_t i = 0; i < causes->count && causes->module == NULL && causes->member == NULL; i++) {
        causes->module = causes->items[i].module;
        causes->member = causes->items[i].member;
    }
}

int ot_causes_find(const struct ot_diff *diff, const struct ot_evidence *evidence,
                   struct ot_causes *out, struct ot_error *err)
{
    bool other_bundles;

    find_builders(diff, out);
    /* other programs and options write other modules of the same sources, but not other sources */
    other_bundles = out->count > 0 && diff->insight != OT_INSIGHT_SOURCES;
    find_power(diff, out);
    if (!other_bundles && ot_causes_find_modules(diff, evidence, out, err) < 0)
        return -1;
    find_files(diff, out);
    if (out->count == 0)
        ot_causes_find_alone(diff, out);
    if (out->count == 0 && !diff->same)
        find_rest(diff, out);
    sort(out);
    choose_difference(out);
    return 0;
}
