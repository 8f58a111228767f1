#include "build/specifiers.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 214u /* of a package, as npm has it */

#define OFFLINE "a build never uses the network: "

/* Node's built-in modules that may be written without `node:`. */
static const char *const builtins[] = {
    "assert",
    "assert/strict",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "dns/promises",
    "domain",
    "events",
    "fs",
    "fs/promises",
    "http",
    "http2",
    "https",
    "inspector",
    "inspector/promises",
    "module",
    "net",
    "os",
    "path",
    "path/posix",
    "path/win32",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "readline/promises",
    "repl",
    "stream",
    "stream/consumers",
    "stream/promises",
    "stream/web",
    "string_decoder",
    "sys",
    "timers",
    "timers/promises",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "util/types",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
};

/* Only with `node:`. */
static const char *const prefixed_builtins[] = {"sea", "sqlite", "test", "test/reporters"};

/* Hosts whose paths are npm packages. */
static const struct {
    const char *prefix; /* of the URL, without its scheme */
    bool builds;        /* the package may stand behind a build number: /v135/ or /stable/ */
} mirrors[] = {
    {"esm.sh/", true},           {"cdn.esm.sh/", true},
    {"cdn.skypack.dev/", false}, {"cdn.jsdelivr.net/npm/", false},
    {"unpkg.com/", false},
};

/* JSR packages that their authors also publish on npm, under a name that is surely theirs. */
static const struct {
    const char *jsr;
    const char *npm;
} twins[] = {
    {"@hono/hono", "hono"},
    {"@oak/oak", "@oakserver/oak"},
    {"@panva/jose", "jose"},
    {"@supabase/functions-js", "@supabase/functions-js"},
    {"@supabase/supabase-js", "@supabase/supabase-js"},
};

/*
 * Parts of Deno's standard library that the shim provides, by their path
 * below deno.land/std@<any version>/.
 */
static const struct {
    const char *path;
    const char *shim;
} std_modules[] = {
    {"http/server.ts", "std/http/server.js"},
};

/* What the shim is asked for by name. */
static const struct {
    const char *name;
    const char *shim;
} shim_modules[] = {
    {"shim", "shim.js"},
    {"std/http/server", "std/http/server.js"},
};

struct package {
    struct ot_span name;
    struct ot_span version; /* empty: any */
    struct ot_span sub;     /* without the slash; empty: the package itself */
};

static struct ot_span tail(struct ot_span text, size_t from)
{
    return (struct ot_span){text.data + from, text.len - from};
}

static bool skip_prefix(struct ot_span *text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (text->len < len || memcmp(text->data, prefix, len) != 0)
        return false;
    *text = tail(*text, len);
    return true;
}

static bool has_suffix(struct ot_span text, const char *suffix)
{
    size_t len = strlen(suffix);

    return text.len >= len && memcmp(text.data + text.len - len, suffix, len) == 0;
}

/* How many bytes stand before the first of `stops`. */
static size_t until(struct ot_span text, const char *stops)
{
    size_t len = 0;

    while (len < text.len && (text.data[len] == '\0' || strchr(stops, text.data[len]) == NULL))
        len++;
    return len;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

static bool is_name_part(struct ot_span part)
{
    if (part.len == 0 || part.data[0] == '.' || part.data[0] == '_')
        return false;
    for (size_t i = 0; i < part.len; i++) {
        if (!is_plain(part.data[i]))
            return false;
    }
    return true;
}

/* The length of the package's name at the front of `text`; 0 if there is none. */
static size_t name_length(struct ot_span text, const char *stops)
{
    size_t scope = 0, len;

    if (text.len > 0 && text.data[0] == '@') {
        scope = until(text, "/");
        if (scope == text.len || !is_name_part((struct ot_span){text.data + 1, scope - 1}))
            return 0;
        scope++;
    }
    len = until(tail(text, scope), stops);
    if (!is_name_part((struct ot_span){text.data + scope, len}) || scope + len > NAME_MAX_LEN)
        return 0;
    return scope + len;
}

static bool is_printable(struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < ' ' || text.data[i] > '~' || strchr("'\"\\`", text.data[i]) != NULL)
            return false;
    }
    return true;
}

/* Nothing may climb out of the package. */
static bool is_sub_path(struct ot_span sub)
{
    while (sub.len > 0) {
        size_t len = until(sub, "/");
        struct ot_span part = {sub.data, len};

        if (len == 0 || ot_span_is(part, ".") || ot_span_is(part, "..") || len + 1 == sub.len)
            return false;
        sub = tail(sub, len < sub.len ? len + 1 : len);
    }
    return true;
}

/* name[@version][/sub] */
static bool split_package(struct ot_span text, struct package *out)
{
    size_t len = name_length(text, "@/");

    *out = (struct package){0};
    if (len == 0)
        return false;
    out->name = (struct ot_span){text.data, len};
    text = tail(text, len);
    if (text.len > 0 && text.data[0] == '@') {
        out->version = (struct ot_span){text.data + 1, until(text, "/") - 1};
        text = tail(text, out->version.len + 1);
    }
    if (text.len > 0)
        out->sub = tail(text, 1);
    if (out->sub.len > 0 && out->sub.data[out->sub.len - 1] == '/')
        out->sub.len--;
    return is_printable(out->version) && is_printable(out->sub) && is_sub_path(out->sub);
}

bool ot_specifier_package(struct ot_span text, struct ot_span *name)
{
    size_t len = name_length(text, "/");

    *name = (struct ot_span){text.data, len};
    return len > 0;
}

static const char *find_builtin(struct ot_span name, bool prefixed)
{
    for (size_t i = 0; i < OT_COUNT(builtins); i++) {
        if (ot_span_is(name, builtins[i]))
            return builtins[i];
    }
    for (size_t i = 0; prefixed && i < OT_COUNT(prefixed_builtins); i++) {
        if (ot_span_is(name, prefixed_builtins[i]))
            return prefixed_builtins[i];
    }
    return NULL;
}

static struct ot_specifier make(enum ot_specifier_kind kind, char *target, char *advice)
{
    return (struct ot_specifier){kind, target, advice};
}

static struct ot_specifier invalid(const char *advice)
{
    return make(OT_SPECIFIER_INVALID, NULL, ot_strdup(advice));
}

/* A range such as ">=1 <3" would mean something else to a shell. */
static char *install_advice(const char *command, struct ot_span name, struct ot_span version)
{
    const char *quote = "";

    for (size_t i = 0; i < version.len; i++) {
        if (!is_plain(version.data[i]) && version.data[i] != '^' && version.data[i] != '+')
            quote = "'";
    }
    return ot_asprintf("install it: %s %s%.*s%s%.*s%s", command, quote, (int)name.len, name.data,
                       version.len > 0 ? "@" : "", (int)version.len, version.data, quote);
}

static struct ot_specifier as_package(const struct package *package, struct ot_span name,
                                      const char *command)
{
    char *target =
        ot_asprintf("%.*s%s%.*s", (int)name.len, name.data, package->sub.len > 0 ? "/" : "",
                    (int)package->sub.len, package->sub.len > 0 ? package->sub.data : "");

    /* "npm:events" is the package, not the built-in module: a slash behind its name says so */
    if (find_builtin(ot_span_of(target), false) != NULL) {
        char *with_slash = ot_asprintf("%s/", target);

        free(target);
        target = with_slash;
    }
    return make(OT_SPECIFIER_PACKAGE, target, install_advice(command, name, package->version));
}

static bool is_types_only(struct ot_span path)
{
    return has_suffix(path, ".d.ts") || has_suffix(path, ".d.mts");
}

static struct ot_specifier parse_npm(struct ot_span text)
{
    struct package package;

    if (text.len > 0 && text.data[0] == '/')
        text = tail(text, 1);
    if (!split_package(text, &package))
        return invalid("not a package: write npm:name@version/path");
    if (is_types_only(package.sub))
        return make(OT_SPECIFIER_EMPTY, NULL, NULL);
    return as_package(&package, package.name, "npm install");
}

static struct ot_specifier parse_jsr(struct ot_span text)
{
    struct package package;

    if (text.len > 0 && text.data[0] == '/')
        text = tail(text, 1);
    if (!split_package(text, &package) || package.name.data[0] != '@')
        return invalid("not a package: write jsr:@scope/name@version/path");
    if (is_types_only(package.sub))
        return make(OT_SPECIFIER_EMPTY, NULL, NULL);
    for (size_t i = 0; i < OT_COUNT(twins); i++) {
        if (ot_span_is(package.name, twins[i].jsr))
            return as_package(&package, ot_span_of(twins[i].npm), "npm install");
    }
    return as_package(&package, package.name, "npx jsr add");
}

/* A build number in front of the package: "v135/" or "stable/". */
static void skip_build(struct ot_span *path)
{
    struct ot_span digits = *path;
    size_t len;

    if (skip_prefix(path, "stable/") || !skip_prefix(&digits, "v"))
        return;
    len = until(digits, "/");
    for (size_t i = 0; i < len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return;
    }
    if (len > 0 && len < digits.len)
        *path = tail(digits, len + 1);
}

/* Whether `url` (without scheme and query) is a package on a mirror of npm. */
static bool parse_mirror(struct ot_span url, struct ot_specifier *out)
{
    for (size_t i = 0; i < OT_COUNT(mirrors); i++) {
        struct ot_span path = url;
        struct package package;

        if (!skip_prefix(&path, mirrors[i].prefix))
            continue;
        if (mirrors[i].builds) {
            skip_build(&path);
            skip_prefix(&path, "*");
        }
        if (has_suffix(path, "/+esm"))
            path.len -= strlen("/+esm");
        /* "gh/owner/repo" and the like are other sources than npm */
        if (!split_package(path, &package) || ot_span_is(package.name, "gh") ||
            ot_span_is(package.name, "jsr") || ot_span_is(package.name, "pr"))
            return false;
        *out = as_package(&package, package.name, "npm install");
        return true;
    }
    return false;
}

/* Whether it is a part of Deno's standard library that the shim provides. */
static bool parse_std(struct ot_span url, struct ot_specifier *out)
{
    if (!skip_prefix(&url, "deno.land/std") || url.len == 0 || !strchr("@/", url.data[0]))
        return false;
    url = tail(url, until(url, "/"));
    for (size_t i = 0; i < OT_COUNT(std_modules); i++) {
        if (url.len > 0 && ot_span_is(tail(url, 1), std_modules[i].path)) {
            *out = make(OT_SPECIFIER_SHIM, ot_strdup(std_modules[i].shim), NULL);
            return true;
        }
    }
    return false;
}

static struct ot_specifier parse_url(struct ot_span url)
{
    struct ot_specifier found;

    url.len = until(url, "?#");
    if (is_types_only(url))
        return make(OT_SPECIFIER_EMPTY, NULL, NULL);
    if (parse_std(url, &found) || parse_mirror(url, &found))
        return found;
    return invalid(OFFLINE "save the module in the project and import it by its relative path, "
                           "or import a package from npm");
}

static struct ot_specifier parse_shim(struct ot_span name)
{
    for (size_t i = 0; i < OT_COUNT(shim_modules); i++) {
        if (ot_span_is(name, shim_modules[i].name))
            return make(OT_SPECIFIER_SHIM, ot_strdup(shim_modules[i].shim), NULL);
    }
    return invalid("onetube has no such module");
}

struct ot_specifier ot_specifier_parse(struct ot_span text)
{
    struct ot_span rest = text;
    bool prefixed = skip_prefix(&rest, "node:");
    const char *builtin = find_builtin(rest, prefixed);

    if (builtin != NULL)
        return make(OT_SPECIFIER_BUILTIN, ot_asprintf("node:%s", builtin), NULL);
    if (prefixed)
        return invalid("Node.js has no such module");
    if (skip_prefix(&rest, "npm:"))
        return parse_npm(rest);
    if (skip_prefix(&rest, "jsr:"))
        return parse_jsr(rest);
    if (skip_prefix(&rest, "https://") || skip_prefix(&rest, "http://"))
        return parse_url(rest);
    if (skip_prefix(&rest, "onetube:"))
        return parse_shim(rest);
    if (has_suffix(text, ".wasm?module"))
        rest.len -= strlen("?module");
    return make(OT_SPECIFIER_FILE, ot_strndup(rest.data, rest.len), NULL);
}

void ot_specifier_free(struct ot_specifier *specifier)
{
    free(specifier->target);
    free(specifier->advice);
    *specifier = (struct ot_specifier){0};
}

void ot_specifier_filter(struct ot_buf *out)
{
    ot_buf_puts(out, "^(node|npm|jsr|https?|onetube):|\\.wasm\\?module$|^(");
    for (size_t i = 0; i < OT_COUNT(builtins); i++)
        ot_buf_printf(out, "%s%s", i > 0 ? "|" : "", builtins[i]);
    ot_buf_puts(out, ")$");
}
