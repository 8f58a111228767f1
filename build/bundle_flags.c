/* With which flags esbuild bundles. */
#include "build/bundle.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Measured on real functions: `module` before `main`, and never the condition `import`, which would
 * give `require` an ES module. Paths that CommonJS code expects are constants, for a bundle has no
 * place in a file system.
 */
static const char *const fixed_flags[] = {
    "--bundle",
    "--format=esm",
    "--platform=neutral",
    "--main-fields=module,main",
    "--conditions=workerd,worker,node",
    "--external:node:*",
    "--external:cloudflare:*",
    "--external:workerd:*",
    "--define:process.env.NODE_ENV=\"production\"",
    "--define:global=globalThis",
    "--define:import.meta.url=\"file:///bundle/index.js\"",
    "--define:import.meta.dirname=\"/bundle\"",
    "--define:import.meta.filename=\"/bundle/index.js\"",
    "--define:import.meta.main=false",
    "--define:__dirname=\"/bundle\"",
    "--define:__filename=\"/bundle/index.js\"",
    "--keep-names",
    "--loader:.wasm=copy",
    "--loader:.node=empty",
    "--loader:.html=text",
    "--loader:.sql=text",
    "--loader:.bin=binary",
    "--resolve-extensions=.tsx,.ts,.jsx,.js,.mts,.mjs,.cjs,.css,.json",
    "--entry-names=[dir]/[name]",
    "--chunk-names=chunks/chunk-[hash]", /* [name] may hold what no member's path may */
    "--asset-names=files/[name]-[hash]",
    "--metafile",
    "--charset=utf8",
    "--log-level=silent",
    "--log-limit=0",
    "--color=false",
};

static const char *const sourcemap_flags[] = {
    [OT_SOURCEMAP_NONE] = NULL,
    [OT_SOURCEMAP_LINKED] = "--sourcemap=external",
    [OT_SOURCEMAP_INLINE] = "--sourcemap=external",
};

static char *join(const char *folder, const char *rest)
{
    return ot_asprintf("%s%s%s", folder, strcmp(folder, "/") == 0 ? "" : "/", rest);
}

/*
 * A node_modules that is itself a link to a folder elsewhere: with the links followed, where
 * that is would show in the outputs. pnpm's packages find each other only by following links,
 * so theirs are.
 */
static bool keeps_links(const char *folder)
{
    OT_AUTOFREE char *parent = ot_strdup(folder);

    for (;;) {
        OT_AUTOFREE char *modules = join(parent, "node_modules");
        OT_AUTOFREE char *store = join(modules, ".pnpm");
        struct stat info;
        char *slash;

        if (lstat(modules, &info) == 0)
            return S_ISLNK(info.st_mode) && access(store, F_OK) != 0;
        if (strcmp(parent, "/") == 0)
            return false;
        slash = strrchr(parent, '/');
        if (slash == NULL)
            return false;
        slash[slash == parent ? 1 : 0] = '\0';
    }
}

char *ot_bundle_out(const struct ot_project *project)
{
    return join(project->folder, OT_BUNDLE_OUT);
}

void ot_bundle_flags(const struct ot_bundle_options *options, struct ot_list *flags)
{
    OT_AUTOFREE char *target = ot_asprintf("--target=%s", options->target);
    OT_AUTOFREE char *out_dir = ot_bundle_out(options->project);
    OT_AUTOFREE char *out_flag = ot_asprintf("--outdir=%s", out_dir);

    for (size_t i = 0; i < OT_COUNT(fixed_flags); i++)
        ot_list_add(flags, fixed_flags[i]);
    ot_list_add(flags, target);
    ot_list_add(flags, out_flag);
    if (sourcemap_flags[options->sourcemap] != NULL)
        ot_list_add(flags, sourcemap_flags[options->sourcemap]);
    for (size_t i = 0; i < options->project->sources->loaders.count; i++)
        ot_list_add(flags, options->project->sources->loaders.items[i]);
    if (options->project->decorators && !options->project->has_tsconfig)
        ot_list_add(flags,
                    "--tsconfig-raw={\"compilerOptions\":{\"experimentalDecorators\":true}}");
    if (options->minify)
        ot_list_add(flags, "--minify");
    if (keeps_links(options->project->folder))
        ot_list_add(flags, "--preserve-symlinks");
}
