/* Which environment variables functions get: what the operator said of it. */
#include "engine/engine.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int ot_engine_check_env(const struct ot_list *env, const struct ot_manifest *manifest,
                        void (*warn)(void *context, const char *message), void *context,
                        struct ot_error *err)
{
    for (size_t i = 0; i < env->count; i++) {
        const char *name = env->items[i];
        OT_AUTOFREE char *message = NULL;

        if (strcmp(name, "*") == 0)
            continue;
        if (!ot_is_env_name(ot_span_of(name)))
            return ot_fail(err, OT_USAGE, "--env: \"%.64s\" is not the name of a variable", name);
        if (!ot_list_has(&manifest->env, name))
            message = ot_asprintf(
                "--env %s: the payload does not name it (see onetube build --env)", name);
        else if (getenv(name) == NULL)
            message = ot_asprintf("--env %s: the variable is not set", name);
        if (message != NULL && warn != NULL)
            warn(context, message);
    }
    return 0;
}
