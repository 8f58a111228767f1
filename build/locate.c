/* Where the esbuild binary is installed. */
#include "build/esbuild.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#define PACKAGE "@esbuild/linux-x64"
#elif defined(__aarch64__)
#define PACKAGE "@esbuild/linux-arm64"
#else
#error "esbuild is looked for on x86-64 and arm64 only"
#endif
#define BINARY "node_modules/" PACKAGE "/bin/esbuild"

/* Beside the program: installed, or in the tree that it was built in (out/ or out/san/). */
static const char *const places[] = {
    "../libexec/onetube/esbuild",
    "../" BINARY,
    "../../" BINARY,
    NULL,
};

/* In the node_modules of `folder` or of a folder above it. */
static char *above(const char *folder)
{
    OT_AUTOFREE char *real = realpath(folder, NULL);
    char *slash;

    while (real != NULL) {
        OT_AUTOFREE char *path = ot_asprintf("%s/" BINARY, real);

        if (ot_is_program(path))
            return OT_STEAL(path);
        slash = strrchr(real, '/');
        if (slash == NULL || *real == '\0')
            return NULL;
        *slash = '\0';
    }
    return NULL;
}

char *ot_esbuild_find(const char *given, const char *functions, struct ot_error *err)
{
    char *found;

    if (given != NULL) {
        if (ot_is_program(given))
            return ot_strdup(given);
        ot_fail_errno(err, OT_TOOL, "cannot run esbuild: %s", given);
        return NULL;
    }
    found = ot_find_program(NULL, places);
    if (found == NULL)
        found = above(functions);
    if (found == NULL)
        found = ot_find_program("esbuild", NULL);
    if (found == NULL)
        ot_fail(err, OT_TOOL,
                "esbuild not found (install it: npm install esbuild@" OT_ESBUILD_VERSION
                ", or say where it is: --esbuild PATH)");
    return found;
}
