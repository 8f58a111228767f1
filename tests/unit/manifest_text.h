/* A manifest to change, for the tests of its reader. */
#pragma once

#include "tests/unit/unit.h"

#include <string.h>

#define SHA "88d87116c249de073a027198fb7f5815b0a7ed954f7f70587076a254b46419fa"

/* Everything that a manifest can say, once. */
static const char good[] =
    "{\n"
    "  \"schema\": 1,\n"
    "  \"builder\": {\n"
    "    \"onetube\": \"0.1.0\",\n"
    "    \"esbuild\": \"0.28.2\",\n"
    "    \"options\": {\"minify\": false, \"sourcemap\": \"linked\", \"target\": \"es2024\", "
    "\"splitting\": true}\n"
    "  },\n"
    "  \"engine\": {\n"
    "    \"name\": \"workerd\",\n"
    "    \"compatibilityDate\": \"2026-01-01\",\n"
    "    \"compatibilityFlags\": [\"nodejs_compat\", \"allow_eval\"]\n"
    "  },\n"
    "  \"env\": [\"GREETING\", \"TOKEN\"],\n"
    "  \"functions\": [\n"
    "    {\n"
    "      \"name\": \"Echo\",\n"
    "      \"bundleFile\": \"functions/Echo.js\",\n"
    "      \"bundleBytes\": 80,\n"
    "      \"bundleSha256\": \"" SHA "\",\n"
    "      \"config\": {}\n"
    "    },\n"
    "    {\n"
    "      \"name\": \"hello\",\n"
    "      \"bundleFile\": \"functions/hello.js\",\n"
    "      \"bundleBytes\": 125,\n"
    "      \"bundleSha256\": \"" SHA "\",\n"
    "      \"config\": {\n"
    "        \"public\": true, \"context\": \"isolate\", \"timeoutMs\": 5000, \"rpm\": 60, "
    "\"rateLimitBy\": \"ip\", \"preflight\": \"gateway\", "
    "\"memoryMB\": "
    "64, \"cpuMs\": 50,\n"
    "        \"warm\": true, \"min_replicas\": 2, \"replicas\": 4, \"cell\": \"shop\", \"ttl\": 0, "
    "\"idleTimeout\": 60, \"maxConcurrency\": 10,\n"
    "        \"recycle\": {\"maxRequests\": 9, \"errorRateThousandths\": 500, \"errorWindow\": 20, "
    "\"cooldownMs\": 30000},\n"
    "        \"permissions\": {\"net\": [\"api.a.org\", \"b.org\"], \"env\": [\"GREETING\"], "
    "\"read\": "
    "[\"./data\"], \"write\": []}\n"
    "      },\n"
    "      \"moduleFiles\": [\"chunks/hello-AB12.js\", \"files/hello/lib.wasm\"]\n"
    "    }\n"
    "  ],\n"
    "  \"files\": [\n"
    "    {\"path\": \"chunks/hello-AB12.js\", \"bytes\": 513, \"sha256\": \"" SHA "\"},\n"
    "    {\"path\": \"files/hello/lib.wasm\", \"bytes\": 0, \"sha256\": \"" SHA "\"}\n"
    "  ]\n"
    "}\n";

static inline char *replace(const char *text, const char *from, const char *to)
{
    const char *found = strstr(text, from);

    if (found == NULL)
        fail_msg("not in the manifest: %s", from);
    return ot_asprintf("%.*s%s%s", (int)(found - text), text, to, found + strlen(from));
}
