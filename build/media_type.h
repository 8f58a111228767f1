/* How esbuild is to read a module from the web. */
#pragma once

#include "base/buf.h"

/*
 * esbuild's loader for a module with this content type (NULL: none was sent) and URL, as Deno
 * decides it: the content type tells the language, the extension which dialect of it, and decides
 * alone where the content type says nothing ("text/plain", "application/octet-stream"). NULL: it
 * is nothing that can be imported.
 */
const char *ot_media_loader(const char *content_type, const char *url);
