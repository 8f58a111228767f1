/* Small projects in a folder of their own, built with the real esbuild. */
#pragma once

#include "tests/unit/unit.h"

#include "build/build.h"
#include "build/esbuild.h"
#include "verify/payload.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A project and one build of it. */
struct project {
    char *dir;
    char *functions;
    char *out;
    struct ot_build_options options;
    struct ot_list flags;
    struct ot_list env;
    struct ot_build_report report;
    struct ot_error err;
};

static char *esbuild_path; /* set once, by project_setup */

static inline void begin(struct project *project)
{
    memset(project, 0, sizeof(*project));
    project->dir = unit_make_dir();
    project->functions = ot_asprintf("%s/functions", project->dir);
    project->out = ot_asprintf("%s/dist", project->dir);
    project->options = (struct ot_build_options){
        .functions = project->functions,
        .out = project->out,
        .target = OT_DEFAULT_TARGET,
        .compat_date = OT_DEFAULT_COMPAT_DATE,
        .splitting = true,
        .esbuild = esbuild_path,
        .compat_flags = &project->flags,
        .env = &project->env,
    };
}

static inline void end(struct project *project)
{
    ot_build_report_free(&project->report);
    ot_list_free(&project->flags);
    ot_list_free(&project->env);
    free(project->functions);
    free(project->out);
    unit_remove_dir(project->dir);
}

/* Writes `text` to `path`, which is relative to the project. */
static inline void put(const struct project *project, const char *path, const char *text)
{
    OT_AUTOFREE char *full = ot_asprintf("%s/%s", project->dir, path);
    struct ot_error err = {0};

    for (char *slash = strchr(full + strlen(project->dir) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    assert_succeeds(unit_write_file(full, ot_span_of(text), 0644, false, &err), err);
}

static inline int build(struct project *project)
{
    void (*progress)(void *, const char *) = project->report.progress;

    ot_build_report_free(&project->report);
    project->report = (struct ot_build_report){.progress = progress};
    project->err = (struct ot_error){0};
    return ot_build(&project->options, &project->report, &project->err);
}

static inline void build_well(struct project *project)
{
    if (build(project) == 0)
        return;
    if (project->report.diagnostic_count > 0)
        fail_msg("%s: %s", project->report.diagnostics[0].file,
                 project->report.diagnostics[0].text);
    fail_msg("%s", project->err.message);
}

/* The dist as the boot reads it: everything is checked. */
static inline struct ot_payload *open_dist(const struct project *project)
{
    struct ot_payload *payload = NULL;
    struct ot_trust trust;
    struct ot_error err = {0};

    ot_trust_init(&trust);
    trust.allow_unsigned = true;
    assert_succeeds(ot_payload_open(project->out, &trust, 1, NULL, &payload, &err), err);
    ot_trust_free(&trust);
    return payload;
}

static inline const struct ot_function *function_of(const struct ot_payload *payload,
                                                    const char *name)
{
    const struct ot_function *function =
        ot_manifest_function(ot_payload_manifest(payload), ot_span_of(name));

    assert_non_null(function);
    return function;
}

static inline bool reaches(const struct ot_function *function, const char *prefix)
{
    for (size_t i = 0; i < function->module_count; i++) {
        if (strncmp(function->modules[i]->path, prefix, strlen(prefix)) == 0)
            return true;
    }
    return false;
}

static inline char *read_output(const struct project *project, const char *path)
{
    OT_AUTOFREE char *full = ot_asprintf("%s/%s", project->out, path);
    struct ot_buf text = {0};
    struct ot_error err = {0};

    assert_succeeds(ot_read_file(full, 16u << 20, &text, &err), err);
    return text.data;
}

static inline void put_plain(const struct project *project, const char *name)
{
    OT_AUTOFREE char *path = ot_asprintf("functions/%s/index.ts", name);

    put(project, path,
        "import { greeting } from \"../_shared/greeting.ts\";\n"
        "Deno.serve((request: Request) => new Response(greeting + request.url));\n");
    put(project, "functions/_shared/greeting.ts", "export const greeting: string = \"hello\";\n");
}

/* For cmocka_run_group_tests: tests run in the root, where node_modules is. */
static inline int project_setup(void **state)
{
    glob_t found;

    (void)state;
    if (glob("node_modules/@esbuild/linux-*/bin/esbuild", 0, NULL, &found) != 0)
        return -1;
    esbuild_path = realpath(found.gl_pathv[0], NULL);
    globfree(&found);
    return esbuild_path != NULL ? 0 : -1;
}

static inline int project_teardown(void **state)
{
    (void)state;
    free(esbuild_path);
    return 0;
}
