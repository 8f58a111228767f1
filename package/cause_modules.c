/* The causes that changed modules give evidence of. */
#include "package/cause_parts.h"
#include "package/modules.h"

#include <string.h>

/* Modules that are looked at, and those of them that are read, for their cause. */
#define LOOK_MAX 5000u
#define READ_MAX 200u
/* Pairs of modules, one gone and one new, that are looked at for another import. */
#define PAIRS_MAX 16u

struct work {
    const struct ot_diff *diff;
    const struct ot_evidence *evidence;
    struct ot_causes *out;
    size_t read;
};

static char *name_of(const struct ot_module_place *place)
{
    return ot_strndup(place->name.data, place->name.len);
}

const struct ot_module_place *ot_module_change_place(const struct ot_module_change *change)
{
    return change->after != NULL ? change->after : change->before;
}

static void add_module(struct ot_causes *out, enum ot_cause_kind kind,
                       const struct ot_module_change *change, char *text)
{
    OT_AUTOFREE char *name = name_of(ot_module_change_place(change));
    struct ot_cause *cause = ot_cause_add(out, kind, name, text);

    if (cause != NULL && cause->module == NULL)
        cause->module = change;
}

static void add_dependency(struct work *work, const struct ot_module_change *change,
                           struct ot_span package)
{
    OT_AUTOFREE char *name = ot_strndup(package.data, package.len);
    struct ot_cause *cause = ot_cause_find(work->out, OT_CAUSE_DEPENDENCY, name);

    if (cause == NULL) {
        OT_AUTOFREE char *told = work->evidence->describe_package(work->evidence->context, name);

        cause = ot_cause_add(work->out, OT_CAUSE_DEPENDENCY, name,
                             ot_asprintf("a dependency: %s", told));
    }
    if (cause != NULL && (cause->module == NULL ||
                          (cause->module->kind != OT_CHANGED && change->kind == OT_CHANGED)))
        cause->module = change;
}

/* A module of a function that is only on one side belongs to that cause. */
static bool is_of_other_function(const struct ot_diff *diff, const struct ot_module_change *change)
{
    const struct ot_manifest *other =
        (change->after != NULL ? diff->before : diff->after)->preview.manifest;
    OT_AUTOLIST struct ot_list names = {0};
    size_t count = ot_diff_functions(diff, change, OT_MEMBERS_MAX, &names);

    for (size_t i = 0; i < names.count; i++) {
        if (ot_manifest_function(other, ot_span_of(names.items[i])) != NULL)
            return false;
    }
    return count > 0;
}

/* A changed module whose import leads to another file, though its own text is the same. */
static bool is_other_import(struct work *work, const struct ot_module_change *change,
                            const struct ot_diff_lines *texts)
{
    const struct ot_diff *diff = work->diff;
    size_t pairs = 0;

    for (size_t i = 0; i < diff->module_count; i++) {
        for (size_t k = 0; diff->modules[i].kind == OT_REMOVED && k < diff->module_count; k++) {
            if (diff->modules[k].kind != OT_ADDED)
                continue;
            if (pairs++ == PAIRS_MAX)
                return false;
            if (ot_read_other_import(ot_buf_span(&texts->before), ot_buf_span(&texts->after),
                                     diff->modules[i].before->name, diff->modules[k].after->name)) {
                OT_AUTOFREE char *went = name_of(diff->modules[i].before);
                OT_AUTOFREE char *came = name_of(diff->modules[k].after);
                OT_AUTOFREE char *name = name_of(change->after);

                add_module(work->out, OT_CAUSE_SETTING, change,
                           ot_asprintf("another setting: what %s imports was %s, here it is %s (an "
                                       "import map, \"paths\" of a tsconfig.json, or another file "
                                       "of that name)",
                                       name, went, came));
                return true;
            }
        }
    }
    return false;
}

static int read_module(struct work *work, const struct ot_module_change *change,
                       struct ot_error *err)
{
    OT_AUTODIFFLINES struct ot_diff_lines texts = {0};
    OT_AUTOFREE char *name = name_of(change->after);
    const char *what = NULL;

    if (work->read++ >= READ_MAX) {
        add_module(work->out, OT_CAUSE_SOURCE, change,
                   ot_asprintf("a changed source file: %s", name));
        return 0;
    }
    if (ot_diff_lines(work->diff, change, 0, 0, &texts, err) < 0)
        return -1;
    switch (ot_read_change(ot_buf_span(&texts.before), ot_buf_span(&texts.after),
                           work->evidence->roots, &what)) {
    case OT_READ_LINE_ENDINGS:
        add_module(work->out, OT_CAUSE_LINE_ENDINGS, change,
                   ot_asprintf("line endings: %s has others (CR LF for LF, or the other way "
                               "round)",
                               name));
        break;
    case OT_READ_PATH:
        add_module(work->out, OT_CAUSE_PATH, change,
                   ot_asprintf("a path of this machine: it is in the code of %s", name));
        break;
    case OT_READ_SETTING:
        add_module(work->out, OT_CAUSE_SETTING, change,
                   ot_asprintf("another setting: %s, to judge by %s", what, name));
        break;
    case OT_READ_NUMBERS:
        break;
    case OT_READ_CODE:
        if (!is_other_import(work, change, &texts))
            add_module(work->out, OT_CAUSE_SOURCE, change,
                       ot_asprintf("a changed source file: %s", name));
        break;
    }
    return 0;
}

static int find_module(struct work *work, const struct ot_module_change *change,
                       struct ot_error *err)
{
    static const char web[] = "onetube-https:";
    const struct ot_span name = ot_module_change_place(change)->name;
    struct ot_span package = ot_module_package(name);

    if (change->kind != OT_CHANGED && change->kind != OT_RENAMED &&
        is_of_other_function(work->diff, change))
        return 0;
    if (ot_span_starts(name, web)) {
        add_dependency(work, change, ot_span_skip(name, strlen(web)));
        return 0;
    }
    if (package.len > 0) {
        add_dependency(work, change, package);
        return 0;
    }
    if (ot_module_is_runtime(name))
        return 0;
    if (change->kind == OT_CHANGED)
        return read_module(work, change, err);
    if (change->kind == OT_RENAMED) {
        OT_AUTOFREE char *went = name_of(change->before);
        OT_AUTOFREE char *came = name_of(change->after);

        add_module(work->out, OT_CAUSE_MOVED, change,
                   ot_asprintf("a moved source file: %s was %s", came, went));
    }
    return 0;
}

/* The first module of the project that came or went, or that changed. */
static const struct ot_module_change *first_own(const struct ot_diff *diff, enum ot_change kind)
{
    for (size_t i = 0; i < diff->module_count && i < LOOK_MAX; i++) {
        if (diff->modules[i].kind == kind &&
            !ot_module_is_runtime(ot_module_change_place(&diff->modules[i])->name))
            return &diff->modules[i];
    }
    return NULL;
}

void ot_causes_find_alone(const struct ot_diff *diff, struct ot_causes *out)
{
    const struct ot_module_change *came = first_own(diff, OT_ADDED);
    const struct ot_module_change *went = first_own(diff, OT_REMOVED);
    const struct ot_module_change *one = came != NULL ? came : went;
    OT_AUTOFREE char *came_name = came != NULL ? name_of(came->after) : NULL;
    OT_AUTOFREE char *went_name = went != NULL ? name_of(went->before) : NULL;

    if (came != NULL && went != NULL)
        add_module(out, OT_CAUSE_SETTING, came,
                   ot_asprintf("another setting: what is imported was %s, here it is %s (an import "
                               "map, \"paths\" of a tsconfig.json, or another file of that name)",
                               went_name, came_name));
    else if (one != NULL)
        add_module(out, OT_CAUSE_SOURCE, one,
                   ot_asprintf("a changed source file: %s is only %s",
                               came != NULL ? came_name : went_name,
                               came != NULL ? "here" : "in the payload"));
}

int ot_causes_find_modules(const struct ot_diff *diff, const struct ot_evidence *evidence,
                           struct ot_causes *out, struct ot_error *err)
{
    struct work work = {.diff = diff, .evidence = evidence, .out = out};

    for (size_t i = 0; i < diff->module_count && i < LOOK_MAX; i++) {
        if (find_module(&work, &diff->modules[i], err) < 0)
            return -1;
    }
    return 0;
}
