#include "engine/scripts.h"

#include <stdint.h>

/* `name`_begin and `name`_size. The compiler runs in the root of the source tree. */
#define EMBED(name, file)                                                                          \
    __asm__(".pushsection .rodata\n" #name "_begin: .incbin \"" file "\"\n" #name                  \
            "_end: .balign 8\n" #name "_size: .quad " #name "_end - " #name "_begin\n"             \
            ".popsection\n");                                                                      \
    extern const char name##_begin[] __attribute__((visibility("hidden")));                        \
    extern const uint64_t name##_size __attribute__((visibility("hidden")))

EMBED(ot_router, "engine/router.js");
EMBED(ot_egress, "engine/egress.js");

struct ot_span ot_router_source(void)
{
    return (struct ot_span){ot_router_begin, (size_t)ot_router_size};
}

struct ot_span ot_egress_source(void)
{
    return (struct ot_span){ot_egress_begin, (size_t)ot_egress_size};
}
