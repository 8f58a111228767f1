/* A function's settings as the manifest has them. */
#include "build/config.h"

#include <string.h>

static void write_uint(struct ot_json_writer *writer, const char *key, uint64_t value)
{
    if (value != OT_CONFIG_UNSET)
        ot_jw_uint(writer, key, value);
}

static void write_list(struct ot_json_writer *writer, const char *key,
                       const struct ot_config_list *list)
{
    if (list->given)
        ot_jw_list(writer, key, &list->list);
}

static void write_recycle(const struct ot_config *config, struct ot_json_writer *writer)
{
    if (config->max_requests == OT_CONFIG_UNSET &&
        config->error_rate_thousandths == OT_CONFIG_UNSET &&
        config->error_window == OT_CONFIG_UNSET && config->cooldown_ms == OT_CONFIG_UNSET)
        return;
    ot_jw_object(writer, "recycle");
    write_uint(writer, "maxRequests", config->max_requests);
    write_uint(writer, "errorRateThousandths", config->error_rate_thousandths);
    write_uint(writer, "errorWindow", config->error_window);
    write_uint(writer, "cooldownMs", config->cooldown_ms);
    ot_jw_object_end(writer);
}

static void write_permissions(const struct ot_config *config, struct ot_json_writer *writer)
{
    if (!config->net.given && !config->env.given && !config->read.given && !config->write.given)
        return;
    ot_jw_object(writer, "permissions");
    write_list(writer, "net", &config->net);
    write_list(writer, "env", &config->env);
    write_list(writer, "read", &config->read);
    write_list(writer, "write", &config->write);
    ot_jw_object_end(writer);
}

void ot_config_write(const struct ot_config *config, bool is_public, struct ot_json_writer *writer)
{
    ot_jw_object(writer, "config");
    if (is_public)
        ot_jw_bool(writer, "public", true);
    if (strcmp(config->context, OT_CONFIG_ISOLATE) == 0)
        ot_jw_string(writer, "context", config->context);
    write_uint(writer, "timeoutMs", config->timeout_ms);
    write_uint(writer, "rpm", config->rpm);
    if (config->rate_limit_by[0] != '\0')
        ot_jw_string(writer, "rateLimitBy", config->rate_limit_by);
    if (config->preflight[0] != '\0')
        ot_jw_string(writer, "preflight", config->preflight);
    write_uint(writer, "memoryMB", config->memory_mb);
    write_uint(writer, "cpuMs", config->cpu_ms);
    if (config->warm_given)
        ot_jw_bool(writer, "warm", config->warm);
    write_uint(writer, "min_replicas", config->min_replicas);
    write_uint(writer, "replicas", config->replicas);
    if (config->cell[0] != '\0')
        ot_jw_string(writer, "cell", config->cell);
    write_uint(writer, "ttl", config->ttl_s);
    write_uint(writer, "idleTimeout", config->idle_timeout_s);
    write_uint(writer, "maxConcurrency", config->max_concurrency);
    write_recycle(config, writer);
    write_permissions(config, writer);
    ot_jw_object_end(writer);
}
