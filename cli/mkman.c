/*
 * Writes a man page, or the completion for bash, to standard output: `mkman onetube`, `mkman
 * onetube-serve`, `mkman bash`.
 */
#include "cli/cli.h"
#include "cli/man.h"
#include "serve-min/serve.h"
#include "verify/trust_options.h"

#include <string.h>

static const struct ot_man_item exit_codes[] = {
    {"0", "done"},
    {"1", "failed: input, file system or resources"},
    {"2", "the command line is wrong"},
    {"3", "verification refused it; the message names one of the codes below"},
    {"4", "a program that is run (esbuild, the engine, a signing program) is missing or failed"},
    {"78", "the configuration is not fit to serve"},
    {.tag = NULL},
};

static const struct ot_man_item refusals[] = {
    {"E_LAYOUT", "not the canonical archive or dist: size, header, order, missing or extra member, "
                 "padding, end, signature line"},
    {"E_UNTRUSTED", "fewer than --threshold signatures by trusted keys that are not revoked"},
    {"E_SIGNATURE", "a signature of a trusted key does not verify"},
    {"E_STATEMENT", "signed, but not a valid statement"},
    {"E_SCHEMA", "a manifest or statement of a kind that this version does not read"},
    {"E_MANIFEST", "not the manifest that was signed, or not a valid one"},
    {"E_ENGINE", "for a newer engine, or the trust file does not allow this one"},
    {"E_ROLLBACK", "the sequence is below --min-sequence, the trust file's or what --state "
                   "remembers, or another release had it"},
    {"E_STATE", "the file of --state is damaged, may be written by others, or is of releases with "
                "another name"},
    {"E_EXPIRED", "past the time given with --not-after, or the trust file has expired"},
    {"E_HASH", "a member's bytes do not match its SHA-256"},
    {"E_TRUST", "not a valid trust file, or not the next version of its chain"},
    {"E_POLICY", "the trust file has revoked it, or does not allow it on this target; or it may do "
                 "more than the release before, and too few keys have signed that"},
    {"E_REBUILD", "fewer rebuild attestations of it than the trust file demands"},
    {.tag = NULL},
};

static const struct ot_man_item environment[] = {
    {"ONETUBE_OPTION",
     "Every option has a twin in the environment, in capitals and with _ for -: "
     "ONETUBE_SIGN_KEY gives "
     "--sign-key. 1TUBE_SIGN_KEY is accepted too. The command line wins; a list "
     "that is given there replaces "
     "the environment's, but --revoked adds to it. A flag is set by 1, true, yes or on. Some have "
     "one more name, which is shown with them."},
    {"NOTIFY_SOCKET, LISTEN_FDS",
     "onetube serve tells readiness to the former, see sd_notify(3), and takes the sockets of the "
     "latter, see sd_listen_fds(3)."},
    {"NO_COLOR, CI", "If either is set there is no colour and no progress, also on a terminal."},
    {.tag = NULL},
};

static const struct ot_man_item serve_environment[] = {
    {"ONETUBE_OPTION",
     "Every option has a twin in the environment, in capitals and with _ for -: ONETUBE_LISTEN "
     "gives "
     "--listen. The command line wins; a list that is given there replaces the environment's, "
     "but --revoked adds to it."},
    {"NOTIFY_SOCKET", "If set, readiness and stopping are reported there, see sd_notify(3)."},
    {.tag = NULL},
};

static const struct ot_man_item files[] = {
    {OT_TRUST_DIR "/*.pem", "the keys that are trusted where no --trust is given"},
    {"FILE.json", "a trust file, where --trust takes one (onetube trust init)"},
    {"DIST/manifest.json", "what a dist consists of, with the size and SHA-256 of each file"},
    {"NAME.key.pem, NAME.pub.pem",
     "a key pair: PKCS#8 and SubjectPublicKeyInfo, as OpenSSL writes them"},
    {.tag = NULL},
};

static const struct ot_man_item serve_files[] = {
    {OT_TRUST_DIR "/*.pem", "the keys that are trusted where no --trust is given"},
    {.tag = NULL},
};

static const struct ot_man_section onetube_sections[] = {
    {.title = "KEYS",
     .text = "A key is PEM (PKCS#8 for a private key, SPKI for a public one, as OpenSSL writes "
             "them), or the 64 "
             "hexadecimal or 44 base64 characters of its 32 raw bytes. Options that take a key "
             "take this text, the "
             "path of a file, or env:NAME; --sign-key also takes - for standard input. Prefer env: "
             "and files: the "
             "command line is visible to other users.\n\n"
             "A key is named by its key id, the SHA-256 of its SPKI DER: openssl pkey -pubin -in "
             "KEY -outform DER | "
             "sha256sum."},
    {.title = "EXIT STATUS", .items = exit_codes},
    {.title = "REFUSALS", .items = refusals},
    {.title = "ENVIRONMENT", .items = environment},
    {.title = "FILES", .items = files},
    {.title = "EXAMPLES",
     .text = "Make a key pair, build and sign a release, check it and boot it:\n"
             "\n"
             "onetube keygen release\n"
             "\n"
             "onetube package --functions functions --out fw.1tube --sign-key release.key.pem "
             "--sequence 1\n"
             "\n"
             "onetube verify fw.1tube --trust release.pub.pem\n"
             "\n"
             "onetube-serve fw.1tube --trust release.pub.pem --listen 127.0.0.1:8080\n"
             "\n"
             "Check a signature without onetube:\n"
             "\n"
             "onetube pae fw.1tube > tbs; openssl pkeyutl -verify -rawin -in tbs -pubin -inkey "
             "release.pub.pem "
             "-sigfile sig"},
    {.title = "SEE ALSO",
     .text = "onetube-serve(1), systemd.socket(5), openssl-pkeyutl(1), tar(1), sha256sum(1)"},
    {.title = NULL},
};

static const struct ot_man_section serve_sections[] = {
    {.title = "EXIT STATUS", .items = exit_codes},        {.title = "REFUSALS", .items = refusals},
    {.title = "ENVIRONMENT", .items = serve_environment}, {.title = "FILES", .items = serve_files},
    {.title = "SEE ALSO", .text = "onetube(1)"},          {.title = NULL},
};

static void write_onetube(FILE *out)
{
    const struct ot_command *commands[OT_CLI_COMMANDS_MAX + 1] = {NULL};
    const struct ot_man_page page = {
        .program = "onetube",
        .version = OT_VERSION,
        .summary = "build, sign, verify and serve edge functions as one file",
        .description =
            "onetube turns a folder of edge functions into one signed file, which onetube-serve "
            "boots only if it is "
            "exactly what was signed. The same source gives the same bytes on any machine.\n\n"
            "onetube build bundles the functions into a dist, onetube package makes a signed "
            "payload (.1tube) of it, "
            "and onetube verify makes every check that is made at boot. A payload is an ordinary "
            "tar archive. onetube serve answers HTTP with it, with authentication, limits, logs "
            "and "
            "metrics.",
        .commands = commands,
        .sections = onetube_sections,
    };

    for (size_t i = 0; i < OT_CLI_COMMANDS_MAX && ot_cli_commands[i] != NULL; i++)
        commands[i] = ot_cli_commands[i]->command;
    ot_man_write(&page, out);
}

static void write_serve(FILE *out)
{
    const struct ot_command *commands[] = {&ot_serve_command, NULL};
    const struct ot_man_page page = {
        .program = "onetube-serve",
        .version = OT_VERSION,
        .summary = ot_serve_command.summary,
        .description = ot_serve_command.description,
        .commands = commands,
        .sections = serve_sections,
    };

    ot_man_write(&page, out);
}

/* Calls `each` with the first word of every name, once, or with the second ones of a family. */
static void each_word(const char *family, void (*each)(FILE *out, const char *word), FILE *out)
{
    OT_AUTOLIST struct ot_list seen = {0};

    for (size_t i = 0; ot_cli_commands[i] != NULL; i++) {
        const char *name = ot_cli_commands[i]->command->name;
        const char *second = ot_cli_second_word(name);
        OT_AUTOFREE char *first =
            second != NULL ? ot_strndup(name, (size_t)(second - 1 - name)) : ot_strdup(name);

        if (family != NULL && second != NULL && strcmp(first, family) == 0)
            each(out, second);
        if (family == NULL && !ot_list_has(&seen, first))
            each(out, first);
        ot_list_add(&seen, first);
    }
}

static void put_word(FILE *out, const char *word)
{
    fprintf(out, " %s", word);
}

static void put_family_case(FILE *out, const char *word)
{
    if (ot_cli_is_family(word))
        fprintf(out, "    [[ $command != %s ]] || command+=\" ${COMP_WORDS[2]}\"\n", word);
}

static void put_family_words(FILE *out, const char *word)
{
    if (!ot_cli_is_family(word))
        return;
    fprintf(out, "    [[ \"$COMP_CWORD ${COMP_WORDS[1]}\" != \"2 %s\" ]] || words=\"", word);
    each_word(word, put_word, out);
    fputs("\"\n", out);
}

/* Completes commands and, behind a dash, options; everything else is a file name. */
static void write_bash(FILE *out)
{
    fputs("_onetube() {\n    local words=\"\" command=${COMP_WORDS[1]}\n", out);
    each_word(NULL, put_family_case, out);
    fputs("    case $command in\n", out);
    for (size_t i = 0; ot_cli_commands[i] != NULL; i++) {
        const struct ot_command *command = ot_cli_commands[i]->command;
        const char *quote = ot_cli_second_word(command->name) != NULL ? "\"" : "";

        fprintf(out, "    %s%s%s) words=\"--help", quote, command->name, quote);
        for (const struct ot_option *option = command->options; option->name != NULL; option++)
            fprintf(out, " --%s", option->name);
        fputs("\" ;;\n", out);
    }
    fputs("    esac\n    [[ ${COMP_WORDS[COMP_CWORD]} == -* ]] || words=\"\"\n"
          "    [[ $COMP_CWORD != 1 && \"$COMP_CWORD ${COMP_WORDS[1]}\" != \"2 help\" ]] || "
          "words=\"help",
          out);
    each_word(NULL, put_word, out);
    fputs("\"\n", out);
    each_word(NULL, put_family_words, out);
    fputs("    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
          "\"${COMP_WORDS[COMP_CWORD]}\")\n}\n"
          "complete -o default -F _onetube onetube\n",
          out);
}

int main(int argc, char **argv)
{
    const char *page = argc == 2 ? argv[1] : "";

    if (strcmp(page, "onetube") == 0)
        write_onetube(stdout);
    else if (strcmp(page, "onetube-serve") == 0)
        write_serve(stdout);
    else if (strcmp(page, "bash") == 0)
        write_bash(stdout);
    else {
        fputs("usage: mkman onetube|onetube-serve|bash\n", stderr);
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
