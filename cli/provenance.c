#include "cli/provenance.h"

#include "base/json_write.h"
#include "base/text.h"

#include <string.h>

/* The name of a digest in an in-toto DigestSet. */
static const char *digest_name(const struct ot_component *component)
{
    static const char *const names[][2] = {
        {"SHA-512", "sha512"},
        {"SHA-384", "sha384"},
        {"SHA-256", "sha256"},
        {"SHA-1", "sha1"},
    };

    if (component->of_files)
        return "dirHash1";
    for (size_t i = 0; i < OT_COUNT(names); i++) {
        if (strcmp(names[i][0], component->algorithm) == 0)
            return names[i][1];
    }
    return NULL;
}

static void write_digest(struct ot_json_writer *writer, const char *name, const char *digest)
{
    ot_jw_object(writer, "digest");
    ot_jw_string(writer, name, digest);
    ot_jw_object_end(writer);
}

static void write_parameters(struct ot_json_writer *writer, const struct ot_manifest *manifest)
{
    ot_jw_object(writer, "externalParameters");
    ot_jw_array(writer, "functions");
    for (size_t i = 0; i < manifest->function_count; i++)
        ot_jw_string(writer, NULL, manifest->functions[i].name);
    ot_jw_array_end(writer);
    ot_jw_bool(writer, "minify", manifest->minify);
    ot_jw_string(writer, "sourcemap", manifest->sourcemap);
    ot_jw_string(writer, "target", manifest->target);
    ot_jw_bool(writer, "splitting", manifest->splitting);
    ot_jw_string(writer, "compatibilityDate", manifest->compatibility_date);
    ot_jw_list(writer, "compatibilityFlags", &manifest->compatibility_flags);
    ot_jw_list(writer, "env", &manifest->env);
    ot_jw_object_end(writer);
}

static void write_dependencies(struct ot_json_writer *writer,
                               const struct ot_components *components)
{
    ot_jw_array(writer, "resolvedDependencies");
    for (size_t i = 0; i < components->source_count; i++) {
        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "name", components->sources[i].path);
        write_digest(writer, "sha256", components->sources[i].sha256);
        ot_jw_object_end(writer);
    }
    for (size_t i = 0; i < components->count; i++) {
        const struct ot_component *component = &components->items[i];

        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "uri",
                     component->kind == OT_COMPONENT_MODULE ? component->name : component->purl);
        if (component->algorithm != NULL)
            write_digest(writer, digest_name(component), component->digest);
        ot_jw_object_end(writer);
    }
    ot_jw_array_end(writer);
}

static void write_run(struct ot_json_writer *writer, const struct ot_provenance *provenance)
{
    ot_jw_object(writer, "runDetails");
    ot_jw_object(writer, "builder");
    ot_jw_string(writer, "id", OT_PROVENANCE_BUILDER);
    ot_jw_object(writer, "version");
    ot_jw_string(writer, "onetube", provenance->dist->manifest->builder_onetube);
    ot_jw_string(writer, "esbuild", provenance->dist->manifest->builder_esbuild);
    ot_jw_object_end(writer);
    ot_jw_object_end(writer);
    if (provenance->time != NULL) {
        ot_jw_object(writer, "metadata");
        ot_jw_string(writer, "startedOn", provenance->time);
        ot_jw_object_end(writer);
    }
    if (provenance->sbom_sha256 != NULL) {
        ot_jw_array(writer, "byproducts");
        ot_jw_object(writer, NULL);
        ot_jw_string(writer, "name", "sbom");
        write_digest(writer, "sha256", provenance->sbom_sha256);
        ot_jw_string(writer, "mediaType", "application/vnd.cyclonedx+json");
        ot_jw_object_end(writer);
        ot_jw_array_end(writer);
    }
    ot_jw_object_end(writer);
}

void ot_provenance_text(const struct ot_provenance *provenance, struct ot_buf *out)
{
    char manifest_sha256[OT_SHA256_HEX];
    struct ot_json_writer writer;

    ot_sha256_hex(ot_buf_span(&provenance->dist->manifest_text), manifest_sha256);
    ot_jw_begin(&writer, out, true);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "_type", "https://in-toto.io/Statement/v1");
    ot_jw_array(&writer, "subject");
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "name", OT_MANIFEST_NAME);
    write_digest(&writer, "sha256", manifest_sha256);
    ot_jw_object_end(&writer);
    ot_jw_array_end(&writer);
    ot_jw_string(&writer, "predicateType", OT_PROVENANCE_TYPE);
    ot_jw_object(&writer, "predicate");
    ot_jw_object(&writer, "buildDefinition");
    ot_jw_string(&writer, "buildType", OT_PROVENANCE_BUILD);
    write_parameters(&writer, provenance->dist->manifest);
    write_dependencies(&writer, provenance->components);
    ot_jw_object_end(&writer);
    write_run(&writer, provenance);
    ot_jw_object_end(&writer);
    ot_jw_object_end(&writer);
}
