#include "build/specifier_parts.h"

#include "build/shim.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 214u /* of a package, as npm has it */

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

/* What the shim is asked for by name. */
static const struct {
    const char *name;
    const char *shim;
} shim_modules[] = {
    {"assets", "assets.js"},
};

struct ot_span ot_span_tail(struct ot_span text, size_t from)
{
    return (struct ot_span){text.data + from, text.len - from};
}

bool ot_skip_prefix(struct ot_span *text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (text->len < len || memcmp(text->data, prefix, len) != 0)
        return false;
    *text = ot_span_tail(*text, len);
    return true;
}

/* How many bytes stand before the first of `stops`. */
size_t ot_span_until(struct ot_span text, const char *stops)
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
        scope = ot_span_until(text, "/");
        if (scope == text.len || !is_name_part((struct ot_span){text.data + 1, scope - 1}))
            return 0;
        scope++;
    }
    len = ot_span_until(ot_span_tail(text, scope), stops);
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
        size_t len = ot_span_until(sub, "/");
        struct ot_span part = {sub.data, len};

        if (len == 0 || ot_span_is(part, ".") || ot_span_is(part, "..") || len + 1 == sub.len)
            return false;
        sub = ot_span_tail(sub, len < sub.len ? len + 1 : len);
    }
    return true;
}

/* name[@version][/sub] */
bool ot_package_split(struct ot_span text, struct ot_package_path *out)
{
    size_t len = name_length(text, "@/");

    *out = (struct ot_package_path){0};
    if (len == 0)
        return false;
    out->name = (struct ot_span){text.data, len};
    text = ot_span_tail(text, len);
    if (text.len > 0 && text.data[0] == '@') {
        out->version = (struct ot_span){text.data + 1, ot_span_until(text, "/") - 1};
        text = ot_span_tail(text, out->version.len + 1);
    }
    if (text.len > 0)
        out->sub = ot_span_tail(text, 1);
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

struct ot_specifier ot_specifier_invalid(const char *advice)
{
    return (struct ot_specifier){.kind = OT_SPECIFIER_INVALID, .advice = ot_strdup(advice)};
}

/* A range such as ">=1 <3" would mean something else to a shell. */
static char *install_advice(struct ot_span name, struct ot_span version)
{
    const char *quote = "";

    for (size_t i = 0; i < version.len; i++) {
        if (!is_plain(version.data[i]) && version.data[i] != '^' && version.data[i] != '+')
            quote = "'";
    }
    return ot_asprintf("install it: npm install %s%.*s%s%.*s%s", quote, (int)name.len, name.data,
                       version.len > 0 ? "@" : "", (int)version.len, version.data, quote);
}

/*
 * A package's name and sub-path. "npm:events" is the package, not the built-in module: a slash
 * behind its name says so.
 */
char *ot_package_target(struct ot_span name, struct ot_span sub)
{
    char *target = ot_asprintf("%.*s%s%.*s", (int)name.len, name.data, sub.len > 0 ? "/" : "",
                               (int)sub.len, sub.len > 0 ? sub.data : "");
    char *with_slash;

    if (find_builtin(ot_span_of(target), false) == NULL)
        return target;
    with_slash = ot_asprintf("%s/", target);
    free(target);
    return with_slash;
}

bool ot_is_types_only(struct ot_span path)
{
    return ot_span_ends(path, ".d.ts") || ot_span_ends(path, ".d.mts") ||
           ot_span_ends(path, ".d.cts");
}

struct ot_specifier ot_specifier_npm(const struct ot_package_path *package, struct ot_span name)
{
    struct ot_specifier out = {.kind = OT_SPECIFIER_PACKAGE};

    /* the packages of type declarations have nothing that runs */
    if (ot_is_types_only(package->sub) || ot_span_starts(name, "@types/"))
        return (struct ot_specifier){.kind = OT_SPECIFIER_EMPTY};
    out.target = ot_package_target(name, package->sub);
    out.advice = install_advice(name, package->version);
    if (package->version.len > 0)
        out.version = ot_strndup(package->version.data, package->version.len);
    return out;
}

static struct ot_specifier parse_npm(struct ot_span text)
{
    struct ot_package_path package;

    ot_skip_prefix(&text, "/");
    if (!ot_package_split(text, &package))
        return ot_specifier_invalid("not a package: write npm:name@version/path");
    return ot_specifier_npm(&package, package.name);
}

static struct ot_specifier parse_shim(struct ot_span name)
{
    for (size_t i = 0; i < OT_COUNT(shim_modules); i++) {
        if (ot_span_is(name, shim_modules[i].name))
            return (struct ot_specifier){.kind = OT_SPECIFIER_SHIM,
                                         .target = ot_strdup(shim_modules[i].shim)};
    }
    return ot_specifier_invalid("onetube has no such module");
}

static struct ot_specifier parse_file(struct ot_span path)
{
    ot_skip_prefix(&path, "file://");
    if (ot_is_types_only(path))
        return (struct ot_specifier){.kind = OT_SPECIFIER_EMPTY};
    if (ot_span_ends(path, ".wasm?module"))
        path.len -= strlen("?module");
    return (struct ot_specifier){.kind = OT_SPECIFIER_FILE,
                                 .target = ot_strndup(path.data, path.len)};
}

struct ot_specifier ot_specifier_parse(struct ot_span text)
{
    struct ot_span rest = text;
    bool prefixed = ot_skip_prefix(&rest, "node:");
    const char *builtin = find_builtin(rest, prefixed);
    struct ot_package_path package;

    if (builtin != NULL)
        return (struct ot_specifier){.kind = OT_SPECIFIER_BUILTIN,
                                     .target = ot_asprintf("node:%s", builtin)};
    if (prefixed)
        return ot_specifier_invalid("Node.js has no such module");
    if (ot_skip_prefix(&rest, "npm:"))
        return parse_npm(rest);
    if (ot_skip_prefix(&rest, "jsr:"))
        return ot_specifier_jsr(rest);
    if (ot_skip_prefix(&rest, "https://") || ot_skip_prefix(&rest, "http://"))
        return ot_specifier_url(rest);
    if (ot_skip_prefix(&rest, "onetube:"))
        return parse_shim(rest);
    if (ot_span_starts(text, "@std/"))
        return ot_specifier_jsr(text);
    /* a name that an import map gave */
    if (!ot_span_starts(text, ".") && !ot_span_starts(text, "file:") &&
        ot_package_split(text, &package))
        return ot_specifier_npm(&package, package.name);
    return parse_file(text);
}

void ot_specifier_free(struct ot_specifier *specifier)
{
    free(specifier->target);
    free(specifier->other);
    free(specifier->shim);
    free(specifier->version);
    free(specifier->advice);
    free(specifier->note);
    *specifier = (struct ot_specifier){0};
}

void ot_specifier_filter(struct ot_buf *out)
{
    const char *name;

    ot_buf_puts(out, "^(node|npm|jsr|https?|file|onetube):|^@std/|^/|\\.wasm(\\?module)?$|^(");
    for (size_t i = 0; i < OT_COUNT(builtins); i++)
        ot_buf_printf(out, "%s%s", i > 0 ? "|" : "", builtins[i]);
    /* packages for which the shim has a stand-in: npm/depd.js */
    for (size_t i = 0; (name = ot_shim_name(i)) != NULL; i++) {
        struct ot_span package = ot_span_of(name);

        if (ot_skip_prefix(&package, "npm/"))
            ot_buf_printf(out, "|%.*s", (int)(package.len - strlen(".js")), package.data);
    }
    ot_buf_puts(out, ")$");
}
