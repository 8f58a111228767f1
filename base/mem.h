/*
 * Small allocations, which never return NULL: when the system has no memory for them the program
 * aborts with a message. Sizes that come from outside are bounded before they get here; the one
 * large allocation, a payload, is mapped by verify/ and fails with an error instead.
 */
#pragma once

#include <stddef.h>

/* Frees or closes when the variable leaves its scope. */
#define OT_CLEANUP(function) __attribute__((cleanup(function)))
#define OT_AUTOFREE OT_CLEANUP(ot_autofree)
#define OT_AUTOCLOSE OT_CLEANUP(ot_autoclose)

/* Moves a pointer out of a variable, leaving NULL, so that its cleanup does nothing. */
#define OT_STEAL(pointer)                                                                          \
    __extension__({                                                                                \
        __typeof__(pointer) stolen_ = (pointer);                                                   \
        (pointer) = NULL;                                                                          \
        stolen_;                                                                                   \
    })

#define OT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* `count * size` zeroed bytes; aborts on overflow. Free with free(). */
void *ot_alloc(size_t count, size_t size);

/* Grows or shrinks `old` to `count * size` bytes; new bytes are not initialised. */
void *ot_realloc(void *old, size_t count, size_t size);

char *ot_strdup(const char *text);
char *ot_strndup(const char *text, size_t length);

/* printf into a fresh string. */
char *ot_asprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Cleanup handlers for OT_AUTOFREE and OT_AUTOCLOSE (a descriptor below 0 is left alone, any other
 * becomes -1). */
void ot_autofree(void *pointer_to_pointer);
void ot_autoclose(int *fd);
