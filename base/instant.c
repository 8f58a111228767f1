#include "base/instant.h"

#include "base/text.h"

#include <string.h>
#include <time.h>

/* `digits` decimal digits at `*text`, which moves on, and then the byte `end`. */
static bool take(const char **text, size_t digits, char end, int max, int *out)
{
    *out = 0;
    for (size_t i = 0; i < digits; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *out = *out * 10 + (**text - '0');
    }
    return *out <= max && *(*text)++ == end;
}

/* YYYY-MM-DDTHH:MM:SSZ (RFC 3339, section 5.6, the one zone that needs no table). */
static bool parse_rfc3339(const char *text, uint64_t *out)
{
    struct tm when = {0};
    time_t seconds;

    if (strlen(text) != strlen("YYYY-MM-DDTHH:MM:SSZ") ||
        !ot_is_date((struct ot_span){text, strlen("YYYY-MM-DD")}) ||
        !take(&text, 4, '-', 9999, &when.tm_year) || !take(&text, 2, '-', 12, &when.tm_mon) ||
        !take(&text, 2, 'T', 31, &when.tm_mday) || !take(&text, 2, ':', 23, &when.tm_hour) ||
        !take(&text, 2, ':', 59, &when.tm_min) || !take(&text, 2, 'Z', 59, &when.tm_sec))
        return false;
    when.tm_year -= 1900;
    when.tm_mon--;
    seconds = timegm(&when);
    *out = (uint64_t)seconds;
    return seconds >= 0;
}

bool ot_parse_time(const char *text, uint64_t *seconds)
{
    return ot_parse_uint(ot_span_of(text), OT_SAFE_INTEGER_MAX, seconds) ||
           parse_rfc3339(text, seconds);
}

/* The calendar is asked once a second: gmtime_r takes a lock that all threads share. */
void ot_instant_text(uint64_t ms, char out[OT_INSTANT_TEXT])
{
    static _Thread_local time_t known = -1;
    static _Thread_local char text[OT_INSTANT_TEXT]; /* with room for what follows the second */
    const time_t seconds = (time_t)(ms / 1000);
    struct tm when;

    if (seconds != known) {
        gmtime_r(&seconds, &when);
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z", &when);
        known = seconds;
    }
    memcpy(out, text, OT_INSTANT_TEXT);
    out[20] = (char)('0' + ms / 100 % 10);
    out[21] = (char)('0' + ms / 10 % 10);
    out[22] = (char)('0' + ms % 10);
}

uint64_t ot_wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
