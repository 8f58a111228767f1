#include "build/sbom.h"

#include "base/json_write.h"
#include "build/esbuild.h"
#include "build/license.h"
#include "build/purl.h"

#include <string.h>

#define APPLICATION "application" /* the reference of what the rest is in */

static const char *const types[] = {
    [OT_COMPONENT_PACKAGE] = "library",
    [OT_COMPONENT_MODULE] = "file",
    [OT_COMPONENT_RUNTIME] = "framework",
};

static void write_hash(struct ot_json_writer *writer, const char *algorithm, const char *digest)
{
    if (algorithm == NULL)
        return;
    ot_jw_array(writer, "hashes");
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "alg", algorithm);
    ot_jw_string(writer, "content", digest);
    ot_jw_object_end(writer);
    ot_jw_array_end(writer);
}

static void write_license(struct ot_json_writer *writer, const char *license)
{
    enum ot_license_kind kind;

    if (license == NULL || license[0] == '\0')
        return;
    kind = ot_license_kind(ot_span_of(license));
    ot_jw_array(writer, "licenses");
    ot_jw_object(writer, NULL);
    if (kind == OT_LICENSE_EXPRESSION) {
        ot_jw_string(writer, "expression", license);
    } else {
        ot_jw_object(writer, "license");
        ot_jw_string(writer, kind == OT_LICENSE_ID ? "id" : "name", license);
        ot_jw_object_end(writer);
    }
    ot_jw_object_end(writer);
    ot_jw_array_end(writer);
}

static void write_property(struct ot_json_writer *writer, const char *name, const char *value)
{
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "name", name);
    ot_jw_string(writer, "value", value);
    ot_jw_object_end(writer);
}

static void write_component(struct ot_json_writer *writer, const struct ot_component *component)
{
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "type", types[component->kind]);
    ot_jw_string(writer, "bom-ref", component->ref);
    ot_jw_string(writer, "name", component->name);
    if (component->version != NULL)
        ot_jw_string(writer, "version", component->version);
    write_hash(writer, component->algorithm, component->digest);
    write_license(writer, component->license);
    ot_jw_string(writer, "purl", component->purl);
    ot_jw_array(writer, "properties");
    for (size_t i = 0; i < component->functions.count; i++)
        write_property(writer, "onetube:function", component->functions.items[i]);
    if (component->algorithm != NULL)
        write_property(writer, "onetube:hash",
                       component->of_files                      ? "files"
                       : component->kind == OT_COMPONENT_MODULE ? "module"
                                                                : "integrity");
    ot_jw_array_end(writer);
    ot_jw_object_end(writer);
}

static void write_tool(struct ot_json_writer *writer, const char *name, const char *version,
                       const char *purl)
{
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "type", "application");
    ot_jw_string(writer, "name", name);
    ot_jw_string(writer, "version", version);
    ot_jw_string(writer, "purl", purl);
    ot_jw_object_end(writer);
}

static void write_metadata(struct ot_json_writer *writer, const struct ot_sbom *sbom)
{
    OT_AUTOFREE char *onetube = ot_purl_generic("onetube", OT_VERSION);
    OT_AUTOFREE char *esbuild = ot_purl_npm("esbuild", OT_ESBUILD_VERSION);

    ot_jw_object(writer, "metadata");
    if (sbom->time != NULL)
        ot_jw_string(writer, "timestamp", sbom->time);
    ot_jw_array(writer, "lifecycles");
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "phase", "build");
    ot_jw_object_end(writer);
    ot_jw_array_end(writer);
    ot_jw_object(writer, "tools");
    ot_jw_array(writer, "components");
    write_tool(writer, "onetube", OT_VERSION, onetube);
    write_tool(writer, "esbuild", OT_ESBUILD_VERSION, esbuild);
    ot_jw_array_end(writer);
    ot_jw_object_end(writer);
    ot_jw_object(writer, "component");
    ot_jw_string(writer, "type", "application");
    ot_jw_string(writer, "bom-ref", APPLICATION);
    ot_jw_string(writer, "name", sbom->name);
    ot_jw_string(writer, "version", sbom->version);
    write_hash(writer, "SHA-256", sbom->manifest_sha256);
    ot_jw_object_end(writer);
    ot_jw_object_end(writer);
}

static void write_needs(struct ot_json_writer *writer, const char *ref, const struct ot_list *needs)
{
    ot_jw_object(writer, NULL);
    ot_jw_string(writer, "ref", ref);
    ot_jw_list(writer, "dependsOn", needs);
    ot_jw_object_end(writer);
}

void ot_sbom_write(const struct ot_sbom *sbom, struct ot_buf *out)
{
    const struct ot_components *components = sbom->components;
    struct ot_json_writer writer;

    ot_jw_begin(&writer, out, false);
    ot_jw_object(&writer, NULL);
    ot_jw_string(&writer, "$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
    ot_jw_string(&writer, "bomFormat", "CycloneDX");
    ot_jw_string(&writer, "specVersion", "1.6");
    ot_jw_uint(&writer, "version", 1);
    write_metadata(&writer, sbom);
    ot_jw_array(&writer, "components");
    for (size_t i = 0; i < components->count; i++)
        write_component(&writer, &components->items[i]);
    ot_jw_array_end(&writer);
    ot_jw_array(&writer, "dependencies");
    write_needs(&writer, APPLICATION, &components->needs);
    for (size_t i = 0; i < components->count; i++)
        write_needs(&writer, components->items[i].ref, &components->items[i].needs);
    ot_jw_array_end(&writer);
    ot_jw_object_end(&writer);
    ot_jw_end(&writer);
}
