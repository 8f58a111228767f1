#include "engine/router.h"

#include <stdint.h>

/* The compiler runs in the root of the source tree. */
__asm__(".pushsection .rodata\n"
        "ot_router_begin: .incbin \"engine/router.js\"\n"
        "ot_router_end: .balign 8\n"
        "ot_router_size: .quad ot_router_end - ot_router_begin\n"
        ".popsection\n");

extern const char ot_router_begin[] __attribute__((visibility("hidden")));
extern const uint64_t ot_router_size __attribute__((visibility("hidden")));

struct ot_span ot_router_source(void)
{
    return (struct ot_span){ot_router_begin, (size_t)ot_router_size};
}
