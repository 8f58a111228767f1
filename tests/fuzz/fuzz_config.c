/* Any bytes as a 1tube.json. What is accepted must be written in a form whose values are in range.
 */
#include "build/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_list(const struct ot_config_list *list)
{
    check(list->given || list->list.count == 0);
    for (size_t i = 0; i < list->list.count; i++) {
        check(list->list.items[i][0] != '\0');
        check(i == 0 || strcmp(list->list.items[i - 1], list->list.items[i]) < 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OT_AUTOBUF struct ot_buf out = {0};
    struct ot_json_writer writer;
    struct ot_config config;
    struct ot_error err = {0};
    struct ot_span text = {(const char *)data, size};

    if (ot_config_parse(&config, text, "1tube.json", &err) < 0) {
        check(err.kind == OT_FAILED && strncmp(err.message, "1tube.json:", 11) == 0);
        return 0;
    }
    check(config.timeout_ms == OT_CONFIG_UNSET || config.timeout_ms <= 86400000);
    check(config.error_rate_thousandths == OT_CONFIG_UNSET ||
          config.error_rate_thousandths <= 1000);
    check_list(&config.net);
    check_list(&config.env);
    check_list(&config.read);
    check_list(&config.write);
    ot_jw_begin(&writer, &out, true);
    ot_jw_object(&writer, NULL);
    ot_config_write(&config, config.is_public, &writer);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
    check(memchr(out.data, '\n', out.len) == out.data + out.len - 1);
    ot_config_free(&config);
    return 0;
}
