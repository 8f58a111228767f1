#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void fill(struct ot_error *err, enum ot_error_kind kind, int errnum, const char *code,
                 const char *format, va_list args)
{
    err->kind = kind;
    err->errnum = errnum;
    err->code = code;
    vsnprintf(err->message, sizeof(err->message), format, args);
}

int ot_fail(struct ot_error *err, enum ot_error_kind kind, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(err, kind, 0, NULL, format, args);
    va_end(args);
    return -1;
}

int ot_fail_errno(struct ot_error *err, enum ot_error_kind kind, const char *format, ...)
{
    int errnum = errno;
    size_t len;
    va_list args;

    va_start(args, format);
    fill(err, kind, errnum, NULL, format, args);
    va_end(args);
    len = strlen(err->message);
    snprintf(err->message + len, sizeof(err->message) - len, ": %s", strerror(errnum));
    return -1;
}

int ot_refuse(struct ot_error *err, const char *code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(err, OT_REFUSED, 0, code, format, args);
    va_end(args);
    return -1;
}

int ot_error_prefix(struct ot_error *err, const char *format, ...)
{
    char old[OT_ERROR_MAX];
    size_t len;
    va_list args;

    memcpy(old, err->message, sizeof(old));
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    len = strlen(err->message);
    snprintf(err->message + len, sizeof(err->message) - len, ": %s", old);
    return -1;
}
