/* The options of a build, which `onetube build` and `onetube package --functions` share. */
#pragma once

#include "build/build.h"
#include "cli/cli.h"

struct ot_build_values {
    const char *functions;
    struct ot_list only;
    bool minify;
    const char *sourcemap;
    const char *target;
    const char *compat_date;
    struct ot_list compat_flags;
    struct ot_list env;
    bool splitting;
    bool frozen;
    uint64_t jobs;
    const char *esbuild;
    bool cache;
    bool analyse;    /* of `onetube build` alone */
    bool components; /* see cli/beside.h */
};

extern const char *const ot_sourcemap_choices[];

/*
 * Rows for a command's option table; `at` is its struct ot_build_values inside the options struct
 * `holder`. `must` says whether --functions is required.
 */
#define OT_BUILD_OPTIONS(holder, at, must)                                                         \
    {.name = "functions",                                                                          \
     .value = "DIR",                                                                               \
     .help = "the folder of functions, one sub-folder each",                                       \
     .type = OT_OPTION_STRING,                                                                     \
     .required = (must),                                                                           \
     .offset = offsetof(holder, at.functions),                                                     \
     .alias = "FUNCTIONS_PATH"},                                                                   \
        {.name = "only",                                                                           \
         .value = "A,B",                                                                           \
         .help = "build these functions alone",                                                    \
         .type = OT_OPTION_COMMAS,                                                                 \
         .offset = offsetof(holder, at.only)},                                                     \
        {.name = "minify",                                                                         \
         .help = "minify the bundles",                                                             \
         .type = OT_OPTION_FLAG,                                                                   \
         .offset = offsetof(holder, at.minify)},                                                   \
        {.name = "sourcemap",                                                                      \
         .value = "KIND",                                                                          \
         .help = "linked writes a .map file beside each bundle, inline puts it into the bundle; "  \
                 "stacks in the log are then those of the sources; default none",                  \
         .type = OT_OPTION_STRING,                                                                 \
         .offset = offsetof(holder, at.sourcemap),                                                 \
         .choices = ot_sourcemap_choices},                                                         \
        {.name = "target",                                                                         \
         .value = "ES",                                                                            \
         .help = "the ECMAScript version to write (default " OT_DEFAULT_TARGET ")",                \
         .type = OT_OPTION_STRING,                                                                 \
         .offset = offsetof(holder, at.target)},                                                   \
        {.name = "compat-date",                                                                    \
         .value = "DATE",                                                                          \
         .help = "the engine's compatibility date (default " OT_DEFAULT_COMPAT_DATE                \
                 ", or what wrangler.toml says if that is later)",                                 \
         .type = OT_OPTION_STRING,                                                                 \
         .offset = offsetof(holder, at.compat_date)},                                              \
        {.name = "compat-flag",                                                                    \
         .value = "FLAG",                                                                          \
         .help = "a compatibility flag of the engine; may be given several times",                 \
         .type = OT_OPTION_LIST,                                                                   \
         .offset = offsetof(holder, at.compat_flags)},                                             \
        {.name = "no-splitting",                                                                   \
         .help = "give every function its own copy of shared code",                                \
         .type = OT_OPTION_FLAG,                                                                   \
         .negates = true,                                                                          \
         .offset = offsetof(holder, at.splitting)},                                                \
        {.name = "frozen",                                                                         \
         .help = "fail unless there is an onetube.lock.json (see onetube vendor)",                 \
         .type = OT_OPTION_FLAG,                                                                   \
         .offset = offsetof(holder, at.frozen)},                                                   \
        {.name = "jobs",                                                                           \
         .value = "N",                                                                             \
         .help = "threads that esbuild may use (default 0: one for each core)",                    \
         .type = OT_OPTION_UINT,                                                                   \
         .offset = offsetof(holder, at.jobs),                                                      \
         .max = 1024},                                                                             \
        {.name = "no-cache",                                                                       \
         .help = "neither use nor fill .onetube/cache in the folder of functions",                 \
         .type = OT_OPTION_FLAG,                                                                   \
         .negates = true,                                                                          \
         .offset = offsetof(holder, at.cache)},                                                    \
    {                                                                                              \
        .name = "esbuild", .value = "PATH", .help = "the esbuild program (default: as installed)", \
        .type = OT_OPTION_STRING, .offset = offsetof(holder, at.esbuild)                           \
    }

/* Apart, because `onetube serve` says more of it. */
#define OT_BUILD_ENV_OPTION(holder, at)                                                            \
    {                                                                                              \
        .name = "env", .value = "A,B",                                                             \
        .help = "names of environment variables that functions may read",                          \
        .type = OT_OPTION_COMMAS, .offset = offsetof(holder, at.env)                               \
    }

/* What is not zero. */
void ot_build_values_init(struct ot_build_values *values);

/* Builds into `out`, shows progress, and then the diagnostics unless `quiet`. */
OT_MUST_USE int ot_build_values_run(const struct ot_build_values *values, const char *out,
                                    bool quiet, struct ot_build_report *report,
                                    struct ot_error *err);
