#include "verify/manifest_reader.h"

#include "base/text.h"

#include <string.h>

/* A key of an object whose members are all optional but stand in one order. */
struct field {
    const char *key;
    enum { BOOL, NUMBER, WORD, CONTEXT, NAME, LIST, ENV_LIST, OBJECT } kind;
    size_t offset; /* in struct ot_function_config */
    uint64_t min, max;
    const char *const *words; /* of a WORD */
    const char *expected;
    const struct field *fields; /* of an OBJECT; ends with a NULL key */
};

#define AT(member) offsetof(struct ot_function_config, member)

static const struct field recycle_fields[] = {
    {.key = "maxRequests", .kind = NUMBER, .offset = AT(max_requests), .max = OT_CONFIG_NUMBER_MAX},
    {.key = "errorRateThousandths",
     .kind = NUMBER,
     .offset = AT(error_rate_thousandths),
     .max = 1000},
    {.key = "errorWindow",
     .kind = NUMBER,
     .offset = AT(error_window),
     .min = 1,
     .max = OT_CONFIG_NUMBER_MAX},
    {.key = "cooldownMs", .kind = NUMBER, .offset = AT(cooldown_ms), .max = OT_CONFIG_NUMBER_MAX},
    {0},
};

static const struct field permission_fields[] = {
    {.key = "net", .kind = LIST, .offset = AT(net)},
    {.key = "env", .kind = ENV_LIST, .offset = AT(env)},
    {.key = "read", .kind = LIST, .offset = AT(read)},
    {.key = "write", .kind = LIST, .offset = AT(write)},
    {0},
};

static const char *const limit_words[] = {"identity", "ip", "global", NULL};
static const char *const preflight_words[] = {"gateway", "function", NULL};

static const struct field config_fields[] = {
    {.key = "public", .kind = BOOL, .offset = AT(is_public)},
    {.key = "context", .kind = CONTEXT, .offset = AT(isolate)},
    {.key = "timeoutMs", .kind = NUMBER, .offset = AT(timeout_ms), .max = OT_CONFIG_NUMBER_MAX},
    {.key = "rpm", .kind = NUMBER, .offset = AT(rpm), .max = OT_CONFIG_NUMBER_MAX},
    {.key = "rateLimitBy",
     .kind = WORD,
     .offset = AT(rate_limit_by),
     .words = limit_words,
     .expected = "\"identity\", \"ip\" or \"global\""},
    {.key = "preflight",
     .kind = WORD,
     .offset = AT(preflight),
     .words = preflight_words,
     .expected = "\"gateway\" or \"function\""},
    {.key = "memoryMB",
     .kind = NUMBER,
     .offset = AT(memory_mb),
     .min = 1,
     .max = OT_CONFIG_NUMBER_MAX},
    {.key = "cpuMs", .kind = NUMBER, .offset = AT(cpu_ms), .min = 1, .max = OT_CONFIG_NUMBER_MAX},
    {.key = "warm", .kind = BOOL, .offset = AT(warm)},
    {.key = "min_replicas",
     .kind = NUMBER,
     .offset = AT(min_replicas),
     .min = 1,
     .max = OT_CONFIG_NUMBER_MAX},
    {.key = "replicas", .kind = NUMBER, .offset = AT(replicas), .min = 1, .max = OT_REPLICAS_MAX},
    {.key = "cell", .kind = NAME, .offset = AT(cell)},
    {.key = "ttl", .kind = NUMBER, .offset = AT(ttl_s), .max = OT_CONFIG_NUMBER_MAX},
    {.key = "idleTimeout",
     .kind = NUMBER,
     .offset = AT(idle_timeout_s),
     .max = OT_CONFIG_NUMBER_MAX},
    {.key = "maxConcurrency",
     .kind = NUMBER,
     .offset = AT(max_concurrency),
     .min = 1,
     .max = OT_CONFIG_NUMBER_MAX},
    {.key = "recycle", .kind = OBJECT, .fields = recycle_fields},
    {.key = "permissions", .kind = OBJECT, .fields = permission_fields},
    {0},
};

/* 1 to OT_PERMISSION_MAX bytes of UTF-8 without control characters. */
static bool is_permission(struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
            return false;
    }
    return text.len > 0 && text.len <= OT_PERMISSION_MAX;
}

static bool is_env_permission(struct ot_span text)
{
    return ot_span_is(text, "*") || ot_is_env_name(text);
}

static int read_number(struct ot_json *json, const struct field *field, uint64_t *out,
                       struct ot_error *err)
{
    if (ot_json_uint(json, field->max, out, err) < 0)
        return -1;
    if (*out < field->min)
        return ot_json_fail(json, err, "%s is %llu, expected at least %llu", field->key,
                            (unsigned long long)*out, (unsigned long long)field->min);
    return 0;
}

/* One of `words`, which end with NULL; what is stored is its number from 1 on, as in the enums. */
static int read_word(struct ot_json *json, const struct field *field, unsigned *out,
                     struct ot_error *err)
{
    struct ot_span word;
    char printable[32];

    if (ot_json_string(json, &word, err) < 0)
        return -1;
    for (unsigned i = 0; field->words[i] != NULL; i++) {
        if (ot_span_is(word, field->words[i])) {
            *out = i + 1;
            return 0;
        }
    }
    ot_printable(printable, sizeof(printable), word);
    return ot_json_fail(json, err, "%s is \"%s\", expected %s", field->key, printable,
                        field->expected);
}

_Static_assert(sizeof(enum ot_rate_limit_by) == sizeof(unsigned) &&
                   sizeof(enum ot_preflight) == sizeof(unsigned),
               "words are stored as unsigned numbers");

static int read_context(struct ot_json *json, bool *isolate, struct ot_error *err)
{
    struct ot_span word;
    char printable[32];

    if (ot_json_string(json, &word, err) < 0)
        return -1;
    *isolate = ot_span_is(word, "isolate");
    if (*isolate)
        return 0;
    ot_printable(printable, sizeof(printable), word);
    return ot_json_fail(json, err, "context is \"%s\", expected \"isolate\"", printable);
}

static int read_name(struct ot_json *json, const struct field *field, char out[OT_NAME_SIZE],
                     struct ot_error *err)
{
    struct ot_span text;
    char printable[OT_NAME_SIZE];

    if (ot_json_string(json, &text, err) < 0)
        return -1;
    if (!ot_is_name(text)) {
        ot_printable(printable, sizeof(printable), text);
        return ot_json_fail(json, err, "%s is \"%s\", expected a name", field->key, printable);
    }
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return 0;
}

static int read_fields(struct ot_json *json, const struct field *fields,
                       struct ot_function_config *config, struct ot_error *err);

static int read_value(struct ot_json *json, const struct field *field,
                      struct ot_function_config *config, struct ot_error *err)
{
    void *place = (char *)config + field->offset;
    struct ot_optional_list *list = place;

    switch (field->kind) {
    case BOOL:
        return ot_json_bool(json, place, err);
    case NUMBER:
        return read_number(json, field, place, err);
    case WORD:
        return read_word(json, field, place, err);
    case CONTEXT:
        return read_context(json, place, err);
    case NAME:
        return read_name(json, field, place, err);
    case OBJECT:
        return read_fields(json, field->fields, config, err);
    case LIST:
    case ENV_LIST:
        break;
    }
    list->given = true;
    return ot_read_sorted_list(json, field->kind == LIST ? is_permission : is_env_permission,
                               field->key, &list->list, err);
}

/* An object whose keys are some of `fields`, in that order. */
static int read_fields(struct ot_json *json, const struct field *fields,
                       struct ot_function_config *config, struct ot_error *err)
{
    struct ot_span key;
    char printable[64];
    int more;

    if (ot_json_object(json, err) < 0)
        return -1;
    while ((more = ot_json_key(json, &key, err)) > 0) {
        while (fields->key != NULL && !ot_span_is(key, fields->key))
            fields++;
        if (fields->key == NULL) {
            ot_printable(printable, sizeof(printable), key);
            return ot_json_fail(json, err, "the key \"%s\" is unknown, repeated or out of order",
                                printable);
        }
        if (read_value(json, fields, config, err) < 0)
            return -1;
        fields++;
    }
    return more;
}

int ot_function_config_read(struct ot_json *json, struct ot_function_config *config,
                            struct ot_error *err)
{
    return read_fields(json, config_fields, config, err);
}

void ot_function_config_init(struct ot_function_config *config)
{
    *config = (struct ot_function_config){
        .timeout_ms = OT_UNSET,
        .rpm = OT_UNSET,
        .memory_mb = OT_UNSET,
        .cpu_ms = OT_UNSET,
        .min_replicas = OT_UNSET,
        .replicas = OT_UNSET,
        .ttl_s = OT_UNSET,
        .idle_timeout_s = OT_UNSET,
        .max_concurrency = OT_UNSET,
        .max_requests = OT_UNSET,
        .error_rate_thousandths = OT_UNSET,
        .error_window = OT_UNSET,
        .cooldown_ms = OT_UNSET,
    };
}

void ot_function_config_free(struct ot_function_config *config)
{
    ot_list_free(&config->net.list);
    ot_list_free(&config->env.list);
    ot_list_free(&config->read.list);
    ot_list_free(&config->write.list);
}

bool ot_function_answers_preflights(const struct ot_function_config *config)
{
    if (config->preflight != OT_PREFLIGHT_UNSET)
        return config->preflight == OT_PREFLIGHT_FUNCTION;
    return config->is_public;
}
