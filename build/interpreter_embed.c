#include "build/interpreter.h"

__asm__(".pushsection .rodata\n"
        "interpreter:\n"
        ".incbin \"" OT_INTERPRETER "\"\n"
        "interpreter_end:\n"
        ".popsection\n");
extern const char interpreter[];
extern const char interpreter_end[];

static const struct {
    const char *data, *end;
} text = {interpreter, interpreter_end};

struct ot_span ot_interpreter_text(void)
{
    return (struct ot_span){text.data, (size_t)(text.end - text.data)};
}
