/* Where the functions are, below what the user named. */
#include "build/discover.h"

#include "base/file.h"
#include "build/entry.h"
#include "build/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_wrangler(const char *path)
{
    static const char *const names[] = {"wrangler.json", "wrangler.jsonc", "wrangler.toml"};

    for (size_t i = 0; i < OT_COUNT(names); i++) {
        OT_AUTOFREE char *file = ot_path_join(path, ot_span_of(names[i]));

        if (access(file, F_OK) == 0)
            return true;
    }
    return false;
}

/*
 * A supabase folder has its settings beside its functions; a project's root has neither, though it
 * may hold files with handlers.
 */
static bool holds_functions(const char *path)
{
    OT_AUTOFREE char *settings = ot_path_join(path, OT_SPAN("config.toml"));
    struct ot_sources sources;
    struct ot_error ignored;
    bool any = false;

    if (access(settings, F_OK) == 0)
        return false;
    if (ot_discover(path, NULL, &sources, &ignored) < 0)
        return strstr(ignored.message, "holds no function") == NULL;
    for (size_t i = 0; i < sources.count; i++)
        any = any || strchr(sources.items[i].entry, '/') != NULL;
    ot_sources_free(&sources);
    return any;
}

char *ot_functions_folder(const char *given, struct ot_error *err)
{
    OT_AUTOFREE char *clean = ot_path_join("", ot_span_of(given));
    const char *shown = clean != NULL && clean[0] != '\0' ? clean : ".";
    OT_AUTOFREE char *supabase = ot_path_join(shown, OT_SPAN("supabase/functions"));
    OT_AUTOFREE char *functions = ot_path_join(shown, OT_SPAN("functions"));

    if (!ot_is_folder(shown)) {
        if (access(shown, F_OK) == 0)
            errno = ENOTDIR;
        ot_fail_errno(err, OT_FAILED, "%s", shown);
        return NULL;
    }
    if (ot_is_folder(supabase))
        return OT_STEAL(supabase);
    if (ot_is_folder(functions) && !has_wrangler(shown) && !holds_functions(shown))
        return OT_STEAL(functions);
    return ot_strdup(shown);
}
