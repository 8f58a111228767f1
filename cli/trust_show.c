#include "cli/output.h"
#include "cli/trust.h"

#include <inttypes.h>

struct values {
    char unused;
};

static const struct ot_option options[] = {{.name = NULL}};

static const struct ot_command command = {
    .name = "trust show",
    .operands = "FILE",
    .summary = "show what a trust file says",
    .description = "Shows a trust file's rules and who has signed it. Nothing is verified beyond "
                   "its form and its own root keys' signatures: whether it is the one to trust is "
                   "yours to know, by its SHA-256, or by onetube trust verify with the version "
                   "before.",
    .example = "  onetube trust show trust.json",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

static int show_signers(const char *path, const struct ot_trust_file *file,
                        const struct ot_trust_file *by, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf message = {0};
    OT_AUTOLIST struct ot_list signers = {0};
    unsigned threshold = by->thresholds[OT_ROLE_ROOT];

    ot_trust_file_message(file, &message);
    if (ot_trust_file_count(by, OT_ROLE_ROOT, path, &file->page, ot_buf_span(&message), &signers,
                            err) < 0)
        return -1;
    printf("signed by  %zu of %zu root keys of version %" PRIu64 ", %u %s needed\n", signers.count,
           ot_trust_file_keys(by, OT_ROLE_ROOT), by->version, threshold,
           threshold == 1 ? "is" : "are");
    return 0;
}

int ot_trust_show_line(const char *path, const struct ot_trust_file *file,
                       const struct ot_trust_file *previous, struct ot_error *err)
{
    ot_out_text(stdout, path);
    printf(": version %" PRIu64 ", sha256 %s\n", file->version, file->sha256);
    if (show_signers(path, file, file, err) < 0)
        return -1;
    return previous != NULL ? show_signers(path, file, previous, err) : 0;
}

static void show_keys(const struct ot_trust_file *file, enum ot_role role)
{
    printf("%-10s %u of %zu keys\n", ot_role_name(role), file->thresholds[role],
           ot_trust_file_keys(file, role));
    for (size_t i = 0; i < file->key_count; i++) {
        if (file->keys[i].role == role)
            printf("           %s\n", file->keys[i].key.id);
    }
}

static void show_list(const char *what, const struct ot_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        printf("%-10s %s\n", i == 0 ? what : "", list->items[i]);
}

static void show_target(const struct ot_trust_target *target)
{
    printf("target     %s:", target->name);
    for (size_t i = 0; i < target->payloads.count; i++)
        printf("%s %s", i > 0 ? "," : "", target->payloads.items[i]);
    printf("\n");
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    OT_AUTOTRUSTFILE struct ot_trust_file *file = NULL;
    char expires[32] = "never";

    (void)pointer;
    if (ot_trust_file_load(parsed->operands[0], &file, err) < 0 ||
        ot_trust_show_line(parsed->operands[0], file, NULL, err) < 0)
        return -1;
    if (file->expires != OT_NO_TIME)
        ot_out_time(file->expires, expires);
    printf("expires    %s\n", expires);
    for (int role = 0; role < OT_ROLE_COUNT; role++)
        show_keys(file, (enum ot_role)role);
    if (file->growth > 0)
        printf("growth     %u release keys\n", file->growth);
    printf("sequence   from %" PRIu64 " on\n", file->min_sequence);
    for (size_t i = 0; i < file->target_count; i++)
        show_target(&file->targets[i]);
    show_list("engine", &file->engines);
    show_list("revoked", &file->revoked_keys);
    show_list("refused", &file->revoked_manifests);
    return 0;
}

const struct ot_cli_command ot_cli_trust_show = {.command = &command, .group = "Trust", .run = run};
