#include "cli/cli.h"
#include "cli/output.h"

#include "base/file.h"
#include "package/kit.h"
#include "verify/trust_options.h"

#include <inttypes.h>

struct values {
    struct ot_trust_options trust;
    const char *into;
    const char *first_trust;
    bool json;
};

static const struct ot_option options[] = {
    {.name = "into",
     .value = "DIR",
     .help = "the folder to install into, replaced as a whole; its parent must be there",
     .type = OT_OPTION_STRING,
     .required = true,
     .offset = offsetof(struct values, into)},
    {.name = "first-trust",
     .value = "FILE",
     .help = "the trust file that the kit's must begin with, where none is installed",
     .type = OT_OPTION_STRING,
     .offset = offsetof(struct values, first_trust)},
    OT_TRUST_OPTIONS(struct values, trust),
    {.name = "json",
     .help = "print a report as JSON",
     .type = OT_OPTION_FLAG,
     .offset = offsetof(struct values, json)},
    {.name = NULL},
};

static const struct ot_command command = {
    .name = "import",
    .operands = "KIT",
    .summary = "check a kit and install it",
    .description =
        "Checks each part of a kit of onetube kit and puts them into DIR in one step: whoever "
        "opens DIR/payload.1tube later gets all of the old release or all of the new one, also "
        "if this program or the machine was stopped meanwhile. What is refused changes nothing.\n\n"
        "A kit's trust files must follow the one that is installed in DIR, each signed by its own "
        "roots and those of the one before; the last of them says whose release it may be, how "
        "many keys must have attested a rebuild, what is revoked, the lowest sequence and which "
        "engine may be carried. Without trust files --trust says whose release it may be, and "
        "attestations must be of this release. SBOM and provenance are installed as they are.\n\n"
        "Works without a network: what is checked is checked on threads that cannot use one.",
    .example = "  onetube import fw.1tube-kit --into /srv/shop --first-trust trust.json\n"
               "  onetube-serve /srv/shop/payload.1tube --trust release.pub.pem",
    .min_operands = 1,
    .max_operands = 1,
    .options = options,
    .options_size = sizeof(struct values),
};

static void defaults(void *pointer)
{
    struct values *values = pointer;

    ot_trust_options_init(&values->trust);
}

static void print_json(const char *into, const struct ot_import_report *report)
{
    OT_AUTOBUF struct ot_buf text = {0};
    struct ot_json_writer writer;

    ot_jw_begin(&writer, &text, false);
    ot_jw_object(&writer, NULL);
    ot_out_json_text(&writer, "into", into);
    ot_out_json_statement(&writer, &report->statement);
    ot_jw_list(&writer, "signers", &report->signers);
    ot_jw_uint(&writer, "trustVersion", report->trust_version);
    ot_jw_uint(&writer, "attestations", report->attestation_count);
    ot_jw_list(&writer, "rebuilders", &report->rebuilders);
    ot_jw_bool(&writer, "sbom", report->has_sbom);
    ot_jw_bool(&writer, "provenance", report->has_provenance);
    ot_jw_object_end(&writer);
    ot_out_json(&writer);
}

static void print_text(const char *into, const struct ot_import_report *report)
{
    ot_out_text(stdout, into);
    printf(": %s %s, sequence %" PRIu64 ", signed by %zu trusted key%s\n", report->statement.name,
           report->statement.version, report->statement.sequence, report->signers.count,
           report->signers.count == 1 ? "" : "s");
    if (report->trust_version > 0)
        printf("trust file %" PRIu64 ", rebuilt by %zu of its keys\n", report->trust_version,
               report->rebuilders.count);
    else if (report->attestation_count > 0)
        printf("%zu attestation%s of this release; without a trust file nobody's counts\n",
               report->attestation_count, report->attestation_count == 1 ? "" : "s");
}

/* With trust files these say whom to trust; without, no key at all is a clear error. */
static int load_trust(const struct values *values, struct ot_trust *trust, struct ot_error *err)
{
    OT_AUTOFREE char *installed = ot_asprintf("%s/trust", values->into);

    if (values->trust.state != NULL)
        return ot_fail(err, OT_USAGE, "--state belongs to what serves");
    if (values->trust.allow_unsigned)
        return ot_fail(err, OT_USAGE, "--allow-unsigned: what is imported must be signed");
    if (values->first_trust == NULL && !ot_is_folder(installed))
        return ot_trust_options_load(&values->trust, OT_USAGE, trust, err);
    if (values->trust.trust.count > 0)
        return ot_fail(err, OT_USAGE, "--trust: a trust file says whose keys count");
    ot_trust_init(trust);
    if (values->trust.now != OT_NO_TIME)
        trust->now = values->trust.now;
    trust->min_sequence = values->trust.min_sequence;
    trust->max_size = values->trust.max_size;
    return 0;
}

static int run(const void *pointer, const struct ot_parsed *parsed, struct ot_error *err)
{
    const struct values *values = pointer;
    struct ot_import_report report = {.attestation_count = 0};
    struct ot_trust trust;
    const struct ot_import_options import = {
        .kit = parsed->operands[0],
        .into = values->into,
        .trust = &trust,
        .first_trust_file = values->first_trust,
    };
    int done;

    ot_trust_init(&trust);
    done = load_trust(values, &trust, err);
    if (done == 0)
        done = ot_kit_import(&import, &report, err);
    if (done == 0 && values->json)
        print_json(values->into, &report);
    else if (done == 0)
        print_text(values->into, &report);
    ot_import_report_free(&report);
    ot_trust_free(&trust);
    return done;
}

const struct ot_cli_command ot_cli_import = {
    .command = &command, .group = "Check", .defaults = defaults, .run = run};
