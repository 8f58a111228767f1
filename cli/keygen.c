#include "cli/cli.h"
#include "cli/output.h"
#include "package/package.h"

struct values {
    bool json;
};

static const struct ot_option options[] = {
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "keygen",
    .operands = "NAME",
    .summary = "make a key pair",
    .description =
        "Makes an Ed25519 key pair and writes NAME.key.pem (readable by its owner alone) and "
        "NAME.pub.pem, "
        "byte for byte as OpenSSL would write them. Existing files are never overwritten.",
    .example = "  onetube keygen release",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    const char *name = parsed->operands[0];
    OT_AUTOFREE char *key_path = ot_asprintf("%s.key.pem", name);
    OT_AUTOFREE char *public_path = ot_asprintf("%s.pub.pem", name);
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;
    struct ot_public_key key;

    if (ot_keygen(name, &key, err) < 0)
        return -1;
    if (!values->json) {
        printf("key id      %s\nprivate key ", key.id);
        ot_out_text(stdout, key_path);
        printf("\npublic key  ");
        ot_out_text(stdout, public_path);
        printf("\n");
        return 0;
    }
    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "keyId", key.id);
    ot_out_json_text(&writer, "keyFile", key_path);
    ot_out_json_text(&writer, "publicKeyFile", public_path);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
    return 0;
}

const struct ot_cli_command ot_cli_keygen = {.command = &command, .group = "Sign", .run = run};
