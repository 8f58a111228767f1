#include "cli/cli.h"
#include "cli/output.h"

#include "build/vendor.h"

#include <string.h>

struct values {
    const char *functions;
    bool update;
    bool frozen;
    bool json;
    const char *ca_file;
    const char *esbuild;
};

static const struct ot_option options[] = {
    {.name = "functions",
     .value = "DIR",
     .help = "the folder of functions, one sub-folder each",
     .type = OT_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct values, functions)},
    {.name = "update",
     .help = "look up again what is locked: the packages and URLs named, or all",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, update)},
    {.name = "frozen",
     .help = "fail when the lock would change; only make the vendor folder from it",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, frozen)},
    {.name = "ca-file",
     .value = "FILE",
     .help =
         "certificates to trust for https modules (PEM; default SSL_CERT_FILE, or the system's)",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, ca_file)},
    {.name = "esbuild",
     .value = "PATH",
     .help = "the esbuild program (default: as installed)",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, esbuild)},
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "vendor",
    .operands = "[NAME...]",
    .summary = "get and lock the code that functions import from elsewhere",
    .description =
        "Finds every npm:, jsr: and https: specifier in all functions (and every bare name that an "
        "import map or package.json makes one of them), has npm resolve and install the packages, "
        "downloads the modules, and writes onetube.lock.json beside the functions: what each of "
        "them is, with its hash. The code itself goes to .onetube/vendor/ there. Keep the lock in "
        "version control; with it, the command makes the folder again on any machine. A build "
        "reads both, checks one against the other, and never uses the network.\n\n"
        "What is locked stays as it is until --update. Scripts of packages are never run. The "
        "settings in .npmrc count, the user's and the nearest one at or above the functions. A "
        "deno.lock there is kept to. What a node_modules or a Deno vendor folder beside the "
        "functions has already is used as it is.",
    .example = "  onetube vendor --functions functions\n"
               "  onetube vendor --functions functions --update zod\n"
               "  onetube vendor --functions functions --frozen",
    .max_operands = 1000,
    .options = options,
    .options_size = sizeof(struct values),
};

static size_t count_specifiers(const struct ot_lock *lock)
{
    size_t count = 0;

    for (size_t i = 0; i < lock->group_count; i++)
        count += lock->groups[i].specifiers.count;
    return count;
}

static size_t count_packages(const struct ot_lock *lock)
{
    size_t count = 0;

    for (size_t i = 0; i < lock->group_count; i++)
        count += lock->groups[i].digests.count;
    return count;
}

static uint64_t count_bytes(const struct ot_lock *lock)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < lock->module_count; i++)
        bytes += lock->modules[i].bytes;
    return bytes;
}

static void print_summary(const struct ot_vendor_report *report)
{
    const struct ot_lock *lock = &report->lock;
    size_t packages = count_packages(lock), modules = lock->module_count;
    char size[16];

    ot_out_size(count_bytes(lock), size);
    printf("%zu package%s of npm for %zu specifier%s, %zu module%s from the web (%s)\n", packages,
           packages == 1 ? "" : "s", count_specifiers(lock), count_specifiers(lock) == 1 ? "" : "s",
           modules, modules == 1 ? "" : "s", size);
    printf("%s %s, %s %s\n", OT_LOCK_NAME, report->changed ? "is written" : "stays as it is",
           OT_VENDOR_FOLDER, report->made ? "is made anew" : "too");
}

static void write_lock(struct ot_json_writer *writer, const struct ot_lock *lock)
{
    ot_jw_array(writer, "npm");
    for (size_t i = 0; i < lock->group_count; i++) {
        const struct ot_lock_group *group = &lock->groups[i];

        ot_jw_object(writer, NULL);
        ot_jw_list(writer, "functions", &group->functions);
        ot_jw_array(writer, "specifiers");
        for (size_t j = 0; j < group->specifiers.count; j++)
            ot_jw_string(writer, NULL, group->specifiers.items[j].key);
        ot_jw_array_end(writer);
        ot_jw_uint(writer, "packages", group->digests.count);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
    ot_jw_array(writer, "https");
    for (size_t i = 0; i < lock->module_count; i++) {
        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "url", lock->modules[i].url);
        ot_jw_string(writer, "sha256", lock->modules[i].sha256);
        ot_jw_uint(writer, "bytes", lock->modules[i].bytes);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static void print_json(const struct ot_vendor_report *report, const struct ot_error *failure)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_jw_bool(&writer, "ok", failure == NULL);
    if (failure != NULL) {
        ot_out_json_text(&writer, "error", failure->message);
    } else {
        ot_jw_bool(&writer, "changed", report->changed);
        ot_jw_bool(&writer, "made", report->made);
        write_lock(&writer, &report->lock);
    }
    ot_out_json_diagnostics(&writer, &report->build);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    struct ot_vendor_report report = {.build.progress = ot_out_progress};
    OT_AUTOLIST struct ot_list names = {0};
    const struct ot_vendor_options vendor = {
        .functions = values->functions,
        .frozen = values->frozen,
        .update = values->update,
        .names = &names,
        .ca_file = values->ca_file,
        .esbuild = values->esbuild,
    };
    int done;

    if (parsed->operand_count > 0 && !values->update)
        return ot_fail(err, OT_USAGE, "\"%s\": names are for --update", parsed->operands[0]);
    if (values->update && values->frozen)
        return ot_fail(err, OT_USAGE, "--update and --frozen exclude each other");
    for (unsigned i = 0; i < parsed->operand_count; i++)
        ot_list_add(&names, parsed->operands[i]);
    done = ot_vendor(&vendor, &report, err);
    ot_out_progress(NULL, "");
    if (!values->json)
        ot_out_diagnostics(&report.build);
    if (values->json)
        print_json(&report, done < 0 ? err : NULL);
    else if (done == 0)
        print_summary(&report);
    ot_vendor_report_free(&report);
    return done;
}

const struct ot_cli_command ot_cli_vendor = {.command = &command, .group = "Make", .run = run};
