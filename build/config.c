#include "build/config.h"

#include "base/json.h"
#include "base/net_pattern.h"
#include "base/text.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES_MAX 1024
#define MEMBERS_MAX 24 /* in one object, with the end mark */

enum member_type {
    MEMBER_IGNORED, /* a string */
    MEMBER_BOOL,    /* `offset` and, beside it, whether it was given */
    MEMBER_UINT,
    MEMBER_THOUSANDTHS,
    MEMBER_WORD,
    MEMBER_NAME, /* of a function or a cell */
    MEMBER_LIST,
    MEMBER_OBJECT,
};

struct member {
    const char *name;
    enum member_type type;
    size_t offset;       /* in struct ot_config */
    size_t given_offset; /* MEMBER_BOOL */
    uint64_t min, max;   /* numbers; also 0 where `wanted` says so */
    const char *wanted;  /* numbers, words: "must be <wanted>"; lists: "an item must be <wanted>" */
    const char *const *words;        /* ends with NULL */
    bool (*is_item)(struct ot_span); /* lists */
    const struct member *members;    /* objects */
};

/* -- items of permissions ---------------------------------------------------------------------- */

static bool is_net(struct ot_span text)
{
    struct ot_net_pattern pattern;

    return ot_net_pattern_parse(text, &pattern);
}

static bool is_env(struct ot_span text)
{
    return ot_span_is(text, "*") || ot_is_env_name(text);
}

/* As long and as printable as a manifest accepts it. */
static bool is_path(struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
            return false;
    }
    return text.len > 0 && text.len <= PATH_BYTES_MAX;
}

/* -- the table --------------------------------------------------------------------------------- */

#define FIELD(field) offsetof(struct ot_config, field)
#define TRUTH(field, given)                                                                        \
    .type = MEMBER_BOOL, .offset = FIELD(field), .given_offset = FIELD(given)

static const struct member recycle_members[] = {
    {.name = "maxRequests",
     .type = MEMBER_UINT,
     .offset = FIELD(max_requests),
     .max = 2147483647,
     .wanted = "a whole number from 0 (never) to 2147483647"},
    {.name = "errorRate",
     .type = MEMBER_THOUSANDTHS,
     .offset = FIELD(error_rate_thousandths),
     .max = 1,
     .wanted = "a number from 0 (off) to 1 with at most three decimals"},
    {.name = "errorWindow",
     .type = MEMBER_UINT,
     .offset = FIELD(error_window),
     .min = 1,
     .max = 10000,
     .wanted = "a whole number of requests from 1 to 10000"},
    {.name = "cooldownMs",
     .type = MEMBER_UINT,
     .offset = FIELD(cooldown_ms),
     .min = 1,
     .max = 86400000,
     .wanted = "a whole number of milliseconds from 1 to 86400000"},
    {.name = NULL},
};

static const struct member permission_members[] = {
    {.name = "net",
     .type = MEMBER_LIST,
     .offset = FIELD(net),
     .wanted = OT_NET_PATTERN_WANTED,
     .is_item = is_net},
    {.name = "env",
     .type = MEMBER_LIST,
     .offset = FIELD(env),
     .wanted = "the name of an environment variable, or * alone",
     .is_item = is_env},
    {.name = "read",
     .type = MEMBER_LIST,
     .offset = FIELD(read),
     .wanted = "a path of 1 to 1024 bytes without control characters",
     .is_item = is_path},
    {.name = "write",
     .type = MEMBER_LIST,
     .offset = FIELD(write),
     .wanted = "a path of 1 to 1024 bytes without control characters",
     .is_item = is_path},
    {.name = NULL},
};

static const char *const bucket_words[] = {"identity", "ip", "global", NULL};
static const char *const preflight_words[] = {"gateway", "function", NULL};
static const char *const context_words[] = {"request", OT_CONFIG_ISOLATE, NULL};

static const struct member top_members[] = {
    {.name = "$schema", .type = MEMBER_IGNORED},
    {.name = "public", TRUTH(is_public, public_given)},
    {.name = "context",
     .type = MEMBER_WORD,
     .offset = FIELD(context),
     .words = context_words,
     .wanted = "\"request\" or \"isolate\""},
    {.name = "timeoutMs",
     .type = MEMBER_UINT,
     .offset = FIELD(timeout_ms),
     .max = 86400000,
     .wanted = "a whole number of milliseconds from 1 to 86400000, or 0 (off)"},
    {.name = "rpm",
     .type = MEMBER_UINT,
     .offset = FIELD(rpm),
     .max = 1000000,
     .wanted = "a whole number of requests per minute from 0 (no limit) to 1000000"},
    {.name = "rateLimitBy",
     .type = MEMBER_WORD,
     .offset = FIELD(rate_limit_by),
     .words = bucket_words,
     .wanted = "\"identity\", \"ip\" or \"global\""},
    {.name = "preflight",
     .type = MEMBER_WORD,
     .offset = FIELD(preflight),
     .words = preflight_words,
     .wanted = "\"gateway\" or \"function\""},
    {.name = "memoryMB",
     .type = MEMBER_UINT,
     .offset = FIELD(memory_mb),
     .min = 1,
     .max = 65536,
     .wanted = "a whole number of megabytes from 1 to 65536"},
    {.name = "cpuMs",
     .type = MEMBER_UINT,
     .offset = FIELD(cpu_ms),
     .min = 1,
     .max = 86400000,
     .wanted = "a whole number of milliseconds from 1 to 86400000"},
    {.name = "warm", TRUTH(warm, warm_given)},
    {.name = "min_replicas",
     .type = MEMBER_UINT,
     .offset = FIELD(min_replicas),
     .min = 1,
     .max = 1000,
     .wanted = "a whole number from 1 to 1000"},
    {.name = "replicas",
     .type = MEMBER_UINT,
     .offset = FIELD(replicas),
     .min = 1,
     .max = 64,
     .wanted = "a whole number from 1 to 64"},
    {.name = "cell",
     .type = MEMBER_NAME,
     .offset = FIELD(cell),
     .wanted = "a letter and up to 62 letters, digits, _ and -"},
    {.name = "ttl",
     .type = MEMBER_UINT,
     .offset = FIELD(ttl_s),
     .max = 31536000,
     .wanted = "a whole number of seconds from 0 (a new process for each request) to 31536000"},
    {.name = "idleTimeout",
     .type = MEMBER_UINT,
     .offset = FIELD(idle_timeout_s),
     .max = 31536000,
     .wanted = "a whole number of seconds from 0 (never) to 31536000"},
    {.name = "maxConcurrency",
     .type = MEMBER_UINT,
     .offset = FIELD(max_concurrency),
     .min = 1,
     .max = 100000,
     .wanted = "a whole number of requests from 1 to 100000"},
    {.name = "recycle", .type = MEMBER_OBJECT, .members = recycle_members},
    {.name = "permissions", .type = MEMBER_OBJECT, .members = permission_members},
    {.name = "files",
     .type = MEMBER_LIST,
     .offset = FIELD(files),
     .wanted = "a path of 1 to 1024 bytes without control characters",
     .is_item = is_path},
    {.name = "stripName", TRUTH(strip_name, strip_name_given)},
    {.name = NULL},
};

/* -- reading ----------------------------------------------------------------------------------- */

static void *field_at(struct ot_config *config, size_t offset)
{
    return (char *)config + offset;
}

/*
 * Whether the value that was just refused is not even of the type that `first` begins: then we know
 * a better message.
 */
static bool is_wrong_type(const struct ot_json *json, char first)
{
    return json->token >= json->len || json->text[json->token] != first;
}

static int read_bool(struct ot_json *json, const struct member *member, struct ot_config *config,
                     struct ot_error *err)
{
    if (ot_json_bool(json, field_at(config, member->offset), err) < 0)
        return ot_json_fail(json, err, "\"%s\" must be true or false", member->name);
    *(bool *)field_at(config, member->given_offset) = true;
    return 0;
}

static int read_number(struct ot_json *json, const struct member *member, struct ot_config *config,
                       struct ot_error *err)
{
    uint64_t *out = field_at(config, member->offset);
    int result = member->type == MEMBER_UINT ? ot_json_uint(json, member->max, out, err)
                                             : ot_json_thousandths(json, member->max, out, err);

    if (result < 0 || *out < member->min)
        return ot_json_fail(json, err, "\"%s\" must be %s", member->name, member->wanted);
    return 0;
}

static int read_string(struct ot_json *json, const struct member *member, struct ot_span *out,
                       struct ot_error *err)
{
    if (ot_json_string(json, out, err) == 0)
        return 0;
    return is_wrong_type(json, '"')
               ? ot_json_fail(json, err, "\"%s\" must be a string", member->name)
               : -1;
}

static int read_word(struct ot_json *json, const struct member *member, struct ot_config *config,
                     struct ot_error *err)
{
    char *out = field_at(config, member->offset);
    struct ot_span text;

    if (ot_json_string(json, &text, err) < 0 && !is_wrong_type(json, '"'))
        return -1;
    for (size_t i = 0; member->words[i] != NULL && !is_wrong_type(json, '"'); i++) {
        if (ot_span_is(text, member->words[i])) {
            memcpy(out, member->words[i], strlen(member->words[i]) + 1);
            return 0;
        }
    }
    return ot_json_fail(json, err, "\"%s\" must be %s", member->name, member->wanted);
}

static int read_name(struct ot_json *json, const struct member *member, struct ot_config *config,
                     struct ot_error *err)
{
    struct ot_span text;

    if (ot_json_string(json, &text, err) < 0 && !is_wrong_type(json, '"'))
        return -1;
    if (is_wrong_type(json, '"') || !ot_is_name(text))
        return ot_json_fail(json, err, "\"%s\" must be %s", member->name, member->wanted);
    snprintf(field_at(config, member->offset), OT_CONFIG_NAME_SIZE, "%.*s", (int)text.len,
             text.data);
    return 0;
}

static int read_list(struct ot_json *json, const struct member *member, struct ot_config *config,
                     struct ot_error *err)
{
    struct ot_config_list *out = field_at(config, member->offset);
    struct ot_span item;
    int more;

    if (ot_json_array(json, err) < 0)
        return is_wrong_type(json, '[')
                   ? ot_json_fail(json, err, "\"%s\" must be an array of strings", member->name)
                   : -1;
    while ((more = ot_json_item(json, err)) > 0) {
        if (ot_json_string(json, &item, err) < 0)
            return is_wrong_type(json, '"')
                       ? ot_json_fail(json, err, "an item of \"%s\" must be a string", member->name)
                       : -1;
        if (!member->is_item(item))
            return ot_json_fail(json, err, "an item of \"%s\" must be %s", member->name,
                                member->wanted);
        if (member->is_item == is_env && out->list.count > 0 &&
            (ot_span_is(item, "*") || strcmp(out->list.items[0], "*") == 0))
            return ot_json_fail(json, err, "in \"%s\" the item * must stand alone", member->name);
        ot_list_add_span(&out->list, item);
    }
    if (more < 0)
        return -1;
    out->given = true;
    ot_list_sort_unique(&out->list);
    return 0;
}

static int read_object(struct ot_json *json, const char *name, const struct member *members,
                       struct ot_config *config, struct ot_error *err);

static int read_member(struct ot_json *json, const struct member *member, struct ot_config *config,
                       struct ot_error *err)
{
    struct ot_span ignored;

    switch (member->type) {
    case MEMBER_IGNORED:
        return read_string(json, member, &ignored, err);
    case MEMBER_BOOL:
        return read_bool(json, member, config, err);
    case MEMBER_UINT:
    case MEMBER_THOUSANDTHS:
        return read_number(json, member, config, err);
    case MEMBER_WORD:
        return read_word(json, member, config, err);
    case MEMBER_NAME:
        return read_name(json, member, config, err);
    case MEMBER_LIST:
        return read_list(json, member, config, err);
    case MEMBER_OBJECT:
        return read_object(json, member->name, member->members, config, err);
    }
    return -1;
}

static int unknown_key(const struct ot_json *json, struct ot_span key, const struct member *members,
                       struct ot_error *err)
{
    const char *words[MEMBERS_MAX + 1] = {0};
    char shown[64];
    const char *nearest;

    for (size_t i = 0; members[i].name != NULL; i++)
        words[i] = members[i].name;
    ot_printable(shown, sizeof(shown), key);
    nearest = ot_nearest_word(shown, words);
    if (nearest != NULL)
        return ot_json_fail(json, err, "unknown key \"%s\" (did you mean \"%s\"?)", shown, nearest);
    return ot_json_fail(json, err, "unknown key \"%s\"", shown);
}

/* `name` is NULL for the outermost one. The table nests two deep, so the recursion does. */
static int read_object(struct ot_json *json, const char *name, const struct member *members,
                       struct ot_config *config, struct ot_error *err)
{
    bool seen[MEMBERS_MAX] = {false};
    struct ot_span key;
    int more;

    if (ot_json_object(json, err) < 0) {
        if (!is_wrong_type(json, '{'))
            return -1;
        return name != NULL ? ot_json_fail(json, err, "\"%s\" must be an object", name)
                            : ot_json_fail(json, err, "an object { ... } is expected");
    }
    while ((more = ot_json_key(json, &key, err)) > 0) {
        size_t i = 0;

        while (members[i].name != NULL && !ot_span_is(key, members[i].name))
            i++;
        if (members[i].name == NULL)
            return unknown_key(json, key, members, err);
        if (seen[i])
            return ot_json_fail(json, err, "the key \"%s\" is given twice", members[i].name);
        seen[i] = true;
        if (read_member(json, &members[i], config, err) < 0)
            return -1;
    }
    return more;
}

_Static_assert(OT_COUNT(top_members) <= MEMBERS_MAX, "MEMBERS_MAX is too small");

void ot_config_init(struct ot_config *config)
{
    *config = (struct ot_config){
        .timeout_ms = OT_CONFIG_UNSET,
        .rpm = OT_CONFIG_UNSET,
        .memory_mb = OT_CONFIG_UNSET,
        .min_replicas = OT_CONFIG_UNSET,
        .cpu_ms = OT_CONFIG_UNSET,
        .replicas = OT_CONFIG_UNSET,
        .ttl_s = OT_CONFIG_UNSET,
        .idle_timeout_s = OT_CONFIG_UNSET,
        .max_concurrency = OT_CONFIG_UNSET,
        .max_requests = OT_CONFIG_UNSET,
        .error_rate_thousandths = OT_CONFIG_UNSET,
        .error_window = OT_CONFIG_UNSET,
        .cooldown_ms = OT_CONFIG_UNSET,
    };
}

void ot_config_free(struct ot_config *config)
{
    ot_list_free(&config->net.list);
    ot_list_free(&config->env.list);
    ot_list_free(&config->read.list);
    ot_list_free(&config->write.list);
    ot_list_free(&config->files.list);
    ot_config_init(config);
}

int ot_config_parse(struct ot_config *config, struct ot_span text, const char *file,
                    struct ot_error *err)
{
    struct ot_json json;
    struct ot_error cause;
    int result;

    ot_config_init(config);
    /* Windows editors put a byte order mark in front. */
    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        text = (struct ot_span){text.data + 3, text.len - 3};
    ot_json_begin(&json, text, OT_JSON_COMMENTS);
    result = read_object(&json, NULL, top_members, config, &cause);
    if (result == 0)
        result = ot_json_finish(&json, &cause);
    ot_json_end(&json);
    if (result == 0)
        return 0;
    ot_config_free(config);
    /* The reader's "line:column: " follows the name without a blank, as compilers write it. */
    return ot_fail(err, cause.kind, "%s:%s", file, cause.message);
}
