/* Any bytes as an import specifier. A package's path stays inside of the package, advice can be
 * shown. */
#include "build/shim.h"
#include "build/specifiers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_package(const char *target)
{
    check(target[0] != '.' && target[0] != '/' && target[0] != '\0');
    while (*target != '\0') {
        size_t len = strcspn(target, "/");

        check(len > 0 && strncmp(target, "..", len) != 0);
        target += len + (target[len] == '/');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_span text = {(const char *)data, size};
    struct ot_specifier specifier = ot_specifier_parse(text);
    struct ot_span package;

    check((specifier.target == NULL) ==
          (specifier.kind == OT_SPECIFIER_INVALID || specifier.kind == OT_SPECIFIER_EMPTY));
    if (specifier.kind == OT_SPECIFIER_INVALID)
        check(specifier.advice != NULL);
    if (specifier.kind == OT_SPECIFIER_BUILTIN)
        check(strncmp(specifier.target, "node:", 5) == 0);
    if (specifier.kind == OT_SPECIFIER_PACKAGE)
        check_package(specifier.target);
    if (specifier.other != NULL)
        check_package(specifier.other);
    if (specifier.shim != NULL)
        check(ot_shim_file(ot_span_of(specifier.shim)).data != NULL);
    for (const char *at = specifier.advice; at != NULL && *at != '\0'; at++)
        check(*at >= ' ' && *at <= '~');
    if (ot_specifier_package(text, &package))
        check(package.len > 0 && package.len <= size);
    ot_specifier_free(&specifier);
    return 0;
}
