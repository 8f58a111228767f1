/* What only other runtimes fetch: modules on hosts of the web, and packages on JSR. */
#include "build/specifier_parts.h"

#include "build/shim.h"

#include <stdlib.h>
#include <string.h>

#define OFFLINE "a build never uses the network; get it"

/* Hosts whose paths are npm packages. */
static const struct {
    const char *prefix; /* of the URL, without its scheme */
    bool builds;        /* the package may stand behind a build number: /v135/ or /stable/ */
} mirrors[] = {
    {"esm.sh/", true},           {"cdn.esm.sh/", true},
    {"cdn.skypack.dev/", false}, {"cdn.jsdelivr.net/npm/", false},
    {"esm.run/", false},         {"unpkg.com/", false},
    {"jspm.dev/npm:", false},    {"jspm.dev/", false},
    {"ga.jspm.io/npm:", false},
};

/* JSR packages that their authors also publish on npm, under a name that is surely theirs. */
static const struct {
    const char *jsr;
    const char *npm;
    bool has_sub_paths; /* and they are the same */
} jsr_twins[] = {
    {"@bradenmacdonald/s3-lite-client", "@bradenmacdonald/s3-lite-client", true},
    {"@hono/hono", "hono", true},
    {"@oak/oak", "@oakserver/oak", false},
    {"@panva/jose", "jose", true},
    {"@supabase/functions-js", "@supabase/functions-js", true},
    {"@supabase/supabase-js", "@supabase/supabase-js", true},
};

/* The same for deno.land/x. NULL: nothing of it runs. */
static const struct {
    const char *name;
    const char *npm;
    const char *shim; /* instead of an npm package */
} land_twins[] = {
    {"djwt", NULL, "land/djwt.js"},
    {"dotenv", NULL, "std/dotenv/mod.js"},
    {"grammy", "grammy", NULL},
    {"hono", "hono", NULL},
    {"jose", "jose", NULL},
    {"kysely", "kysely", NULL},
    {"oak", "@oakserver/oak", NULL},
    {"openai", "openai", NULL},
    {"postgresjs", "postgres", NULL},
    {"sentry", "@sentry/deno", NULL},
    {"sift", NULL, "land/sift.js"},
    {"slack_web_api", "@slack/web-api", NULL},
    {"upstash_redis", "@upstash/redis", NULL},
    {"xhr", NULL, NULL},
    {"zod", "zod", NULL},
};

/* -- Deno's standard library ------------------------------------------------------------------- */

/* Whether the shim has the library in one file, with all names of its parts. */
static bool is_one_file(const char *library)
{
    OT_AUTOFREE char *prefix = ot_asprintf("std/%s/", library);
    size_t files = 0;
    const char *name;

    for (size_t i = 0; (name = ot_shim_name(i)) != NULL; i++)
        files += ot_span_starts(ot_span_of(name), prefix);
    return files == 1;
}

/*
 * "http/status.ts" is std/http/status.js; "encoding" is std/encoding/mod.js; where there is nothing
 * but a mod.js, it is every part: "assert/assert_equals.ts", "path/posix/mod.ts".
 */
static char *find_std(struct ot_span path)
{
    static const char *const endings[] = {".ts", ".js", ".mjs"};
    OT_AUTOFREE char *library = ot_strndup(path.data, ot_span_until(path, "/"));
    OT_AUTOFREE char *file = NULL;
    OT_AUTOFREE char *folder = NULL;

    for (size_t i = 0; i < OT_COUNT(endings); i++) {
        if (ot_span_ends(path, endings[i])) {
            path.len -= strlen(endings[i]);
            break;
        }
    }
    file = ot_asprintf("std/%.*s.js", (int)path.len, path.data);
    folder = is_one_file(library) ? ot_asprintf("std/%s/mod.js", library)
                                  : ot_asprintf("std/%.*s/mod.js", (int)path.len, path.data);
    if (ot_shim_file(ot_span_of(file)).data != NULL)
        return OT_STEAL(file);
    if (ot_shim_file(ot_span_of(folder)).data != NULL)
        return OT_STEAL(folder);
    return NULL;
}

/* Says which parts there are: of the same package, or if there are none, which packages. */
static char *std_advice(struct ot_span path)
{
    OT_AUTOLIST struct ot_list parts = {0}, packages = {0};
    const struct ot_list *shown = &packages;
    struct ot_span package = {path.data, ot_span_until(path, "/")};
    struct ot_buf out = {0};
    const char *name;

    for (size_t i = 0; (name = ot_shim_name(i)) != NULL; i++) {
        struct ot_span rest = ot_span_of(name);
        struct ot_span first;

        if (!ot_skip_prefix(&rest, "std/") || !ot_span_ends(rest, ".js"))
            continue;
        rest.len -= strlen(".js");
        first = (struct ot_span){rest.data, ot_span_until(rest, "/")};
        ot_list_add_span(&packages, first);
        if (ot_span_equal(first, package))
            ot_list_add_span(&parts, rest);
    }
    if (parts.count > 0)
        shown = &parts;
    ot_list_sort(&parts);
    ot_list_sort_unique(&packages);
    ot_buf_puts(&out, "of the standard library onetube provides");
    for (size_t i = 0; i < shown->count; i++)
        ot_buf_printf(&out, "%s %s", i > 0 ? "," : "", shown->items[i]);
    ot_buf_puts(&out, "; get the original");
    return out.data;
}

/* `path`: "http/server.ts" */
static struct ot_specifier std_module(struct ot_span path, char *vendor_target)
{
    struct ot_specifier out = {.kind = OT_SPECIFIER_REMOTE, .target = vendor_target};

    if (ot_is_types_only(path)) {
        free(vendor_target);
        return (struct ot_specifier){.kind = OT_SPECIFIER_EMPTY};
    }
    out.shim = find_std(path);
    out.advice = std_advice(path);
    out.vendored = true;
    return out;
}

/* -- JSR --------------------------------------------------------------------------------------- */

/* JSR's packages as npm has them: "@jsr/std__path" for "@std/path". */
static char *npm_compatible(const struct ot_package_path *package)
{
    size_t scope = ot_span_until(package->name, "/");
    OT_AUTOFREE char *name =
        ot_asprintf("@jsr/%.*s__%.*s", (int)scope - 1, package->name.data + 1,
                    (int)(package->name.len - scope - 1), package->name.data + scope + 1);

    return ot_package_target(ot_span_of(name), package->sub);
}

/*
 * What npm does not have all versions of, or of which early ones only work in Node there: of the
 * major one that is asked for any will do.
 */
static const struct {
    const char *npm;
    const char *oldest; /* what an older major version becomes */
    const char *newest; /* and a newer one */
} sparse[] = {
    {"@oakserver/oak", "10", "14"},
    {"@sentry/deno", "8", "99"},
    {"grammy", "1", "99"},
};

/* Of two major versions, without leading zeros. */
static bool is_less(struct ot_span a, struct ot_span b)
{
    return a.len != b.len ? a.len < b.len : memcmp(a.data, b.data, a.len) < 0;
}

/* The version of npm's package `npm` for `version` of its twin. */
static struct ot_span twin_version(const char *npm, struct ot_span version)
{
    for (size_t i = 0; i < OT_COUNT(sparse); i++) {
        struct ot_span oldest = ot_span_of(sparse[i].oldest);
        struct ot_span newest = ot_span_of(sparse[i].newest);

        if (strcmp(sparse[i].npm, npm) != 0 || version.len == 0)
            continue;
        if (strchr("^~=", version.data[0]) != NULL)
            version = ot_span_tail(version, 1);
        version.len = ot_span_until(version, ".");
        if (version.len == 0 || version.data[0] < '0' || version.data[0] > '9')
            continue;
        if (is_less(version, oldest))
            return oldest;
        if (is_less(newest, version))
            return newest;
    }
    return version;
}

static struct ot_specifier jsr_twin(const struct ot_package_path *package, size_t index)
{
    struct ot_package_path twin = *package;
    struct ot_specifier out;

    if (!jsr_twins[index].has_sub_paths)
        twin.sub = (struct ot_span){"", 0};
    twin.version = twin_version(jsr_twins[index].npm, twin.version);
    out = ot_specifier_npm(&twin, ot_span_of(jsr_twins[index].npm));
    if (out.kind == OT_SPECIFIER_PACKAGE)
        out.other = ot_package_target(package->name, package->sub);
    if (strcmp(jsr_twins[index].npm, jsr_twins[index].jsr) != 0)
        out.note =
            ot_asprintf("jsr:%s is taken from npm: %s", jsr_twins[index].jsr, jsr_twins[index].npm);
    return out;
}

struct ot_specifier ot_specifier_jsr(struct ot_span text)
{
    struct ot_package_path package;
    struct ot_specifier out;
    OT_AUTOFREE char *std_path = NULL;

    ot_skip_prefix(&text, "/");
    if (!ot_package_split(text, &package) || package.name.data[0] != '@')
        return ot_specifier_invalid("not a package: write jsr:@scope/name@version/path");
    for (size_t i = 0; i < OT_COUNT(jsr_twins); i++) {
        if (ot_span_is(package.name, jsr_twins[i].jsr))
            return jsr_twin(&package, i);
    }
    out = ot_specifier_npm(&package, package.name);
    if (out.kind != OT_SPECIFIER_PACKAGE)
        return out;
    out.other = npm_compatible(&package);
    out.vendored = true;
    free(out.advice);
    if (!ot_span_starts(package.name, "@std/")) {
        out.advice = ot_strdup("it is on JSR, not on npm; get it");
        return out;
    }
    std_path = ot_asprintf("%.*s%s%.*s", (int)package.name.len - 5, package.name.data + 5,
                           package.sub.len > 0 ? "/" : "/mod", (int)package.sub.len,
                           package.sub.len > 0 ? package.sub.data : "");
    out.shim = find_std(ot_span_of(std_path));
    out.advice = std_advice(ot_span_of(std_path));
    return out;
}

/* -- URLs -------------------------------------------------------------------------------------- */

/* A build number in front of the package: "v135/" or "stable/". */
static void skip_build(struct ot_span *path)
{
    struct ot_span digits = *path;
    size_t len;

    if (ot_skip_prefix(path, "stable/") || !ot_skip_prefix(&digits, "v"))
        return;
    len = ot_span_until(digits, "/");
    for (size_t i = 0; i < len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return;
    }
    if (len > 0 && len < digits.len)
        *path = ot_span_tail(digits, len + 1);
}

/* Whether `url` (without scheme and query) is a package on a mirror of npm. */
static bool parse_mirror(struct ot_span url, struct ot_specifier *out)
{
    for (size_t i = 0; i < OT_COUNT(mirrors); i++) {
        struct ot_span path = url;
        struct ot_package_path package;

        if (!ot_skip_prefix(&path, mirrors[i].prefix))
            continue;
        if (mirrors[i].builds) {
            skip_build(&path);
            ot_skip_prefix(&path, "*");
            if (ot_skip_prefix(&path, "jsr/")) {
                *out = ot_specifier_jsr(path);
                return true;
            }
        }
        if (ot_span_ends(path, "/+esm"))
            path.len -= strlen("/+esm");
        /* "gh/owner/repo" and the like are other sources than npm */
        if (!ot_package_split(path, &package) || ot_span_is(package.name, "gh") ||
            ot_span_is(package.name, "pr") || ot_span_is(package.name, "pin") ||
            ot_span_is(package.name, "-"))
            return false;
        /* "@1.2.3&target=deno" */
        package.version.len = ot_span_until(package.version, "&");
        *out = ot_specifier_npm(&package, package.name);
        out->any_file = package.sub.len > 0;
        return true;
    }
    return false;
}

/* A module's path in a package on deno.land/x as a sub-path on npm: "mod.ts" is the package. */
static struct ot_span land_sub_path(struct ot_span path)
{
    static const char *const endings[] = {".ts", ".js", ".mjs", "/index", "/mod"};

    for (size_t i = 0; i < OT_COUNT(endings); i++) {
        if (ot_span_ends(path, endings[i]))
            path.len -= strlen(endings[i]);
    }
    if (ot_span_is(path, "mod") || ot_span_is(path, "index"))
        path.len = 0;
    /* hono has its own folder for what npm's exports have at the top */
    ot_skip_prefix(&path, "middleware/");
    return path;
}

/* What the shim has instead of a package's mod.ts, where the package itself is not vendored. */
static struct ot_specifier stand_in(struct ot_span url, const struct ot_package_path *package,
                                    const char *shim)
{
    if (shim == NULL)
        return (struct ot_specifier){.kind = OT_SPECIFIER_EMPTY};
    return (struct ot_specifier){
        .kind = OT_SPECIFIER_REMOTE,
        .target = ot_strndup(url.data, url.len),
        .shim = package->sub.len == 0 ? ot_strdup(shim) : NULL,
        .advice = ot_strdup(OFFLINE),
        .vendored = true,
    };
}

/* Whether it is a package on deno.land/x that is also on npm. */
static bool parse_land(struct ot_span url, struct ot_specifier *out)
{
    const struct ot_span whole = url;
    struct ot_package_path package;

    if (!ot_skip_prefix(&url, "deno.land/x/") || !ot_package_split(url, &package))
        return false;
    for (size_t i = 0; i < OT_COUNT(land_twins); i++) {
        if (!ot_span_is(package.name, land_twins[i].name))
            continue;
        package.sub = land_sub_path(package.sub);
        if (land_twins[i].npm == NULL) {
            *out = stand_in(whole, &package, land_twins[i].shim);
            return true;
        }
        ot_skip_prefix(&package.version, "v");
        package.version = twin_version(land_twins[i].npm, package.version);
        *out = ot_specifier_npm(&package, ot_span_of(land_twins[i].npm));
        out->note = ot_asprintf("https://deno.land/x/%s is taken from npm: %s", land_twins[i].name,
                                land_twins[i].npm);
        return true;
    }
    return false;
}

/* "https://jsr.io/@std/path/1.0.8/mod.ts" */
static bool parse_jsr_host(struct ot_span url, struct ot_specifier *out)
{
    OT_AUTOFREE char *text = NULL;
    struct ot_package_path package;
    struct ot_span version, path;

    if (!ot_skip_prefix(&url, "jsr.io/") || !ot_package_split(url, &package) ||
        package.sub.len == 0)
        return false;
    version = (struct ot_span){package.sub.data, ot_span_until(package.sub, "/")};
    path = ot_span_tail(package.sub, version.len);
    ot_skip_prefix(&path, "/");
    path = land_sub_path(path);
    text =
        ot_asprintf("%.*s@%.*s%s%.*s", (int)package.name.len, package.name.data, (int)version.len,
                    version.data, path.len > 0 ? "/" : "", (int)path.len, path.data);
    *out = ot_specifier_jsr(ot_span_of(text));
    return true;
}

/* "%5E" and the like, which browsers make of "^"; what is not well-formed stays. */
static char *decode(struct ot_span text)
{
    struct ot_buf out = {0};

    ot_buf_puts(&out, "");
    for (size_t i = 0; i < text.len; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *high = NULL, *low = NULL;

        if (text.data[i] == '%' && text.len - i > 2) {
            high = memchr(digits, text.data[i + 1], sizeof(digits) - 1);
            low = memchr(digits, text.data[i + 2], sizeof(digits) - 1);
        }
        if (high == NULL || low == NULL) {
            ot_buf_putc(&out, text.data[i]);
            continue;
        }
        ot_buf_putc(&out, (char)((high - digits) % 16 * 16 + (low - digits) % 16));
        i += 2;
    }
    return out.data;
}

struct ot_specifier ot_specifier_url(struct ot_span url)
{
    OT_AUTOFREE char *decoded = NULL;
    struct ot_specifier out;
    struct ot_span rest;
    char *target;

    url.len = ot_span_until(url, "?#");
    if (ot_is_types_only(url))
        return (struct ot_specifier){.kind = OT_SPECIFIER_EMPTY};
    decoded = decode(url);
    target = ot_strdup(decoded);
    rest = ot_span_of(decoded);
    if (ot_skip_prefix(&rest, "deno.land/std") && rest.len > 0 && strchr("@/", rest.data[0])) {
        rest = ot_span_tail(rest, ot_span_until(rest, "/"));
        ot_skip_prefix(&rest, "/");
        return std_module(rest, target);
    }
    rest = ot_span_of(decoded);
    if (parse_jsr_host(rest, &out) || parse_land(rest, &out) || parse_mirror(rest, &out)) {
        free(target);
        return out;
    }
    return (struct ot_specifier){.kind = OT_SPECIFIER_REMOTE,
                                 .target = target,
                                 .advice = ot_strdup(OFFLINE),
                                 .vendored = true};
}
