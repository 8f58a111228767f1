/*
 * WebAssembly that sources carry in their text, as base64 or as a list of numbers. The engine
 * compiles no bytes at run time: each such module becomes a .wasm file of the dist, which the
 * engine compiles ahead and the shim (build/shim/wasm.js) finds by its bytes.
 */
#pragma once

#include "build/static_files.h"

#define OT_INLINE_WASM_MAX (64u << 20) /* bytes of a module */

/*
 * Gives the functions of the sources the modules that their outputs carry as members
 * "files/inline-<16 digits of the SHA-256>.wasm".
 */
void ot_inline_wasm(const struct ot_bundle *bundle, const struct ot_sources *sources,
                    struct ot_static_list *members);

/* Start from `{0}`. */
struct ot_wasm_texts {
    struct ot_buf *items; /* modules, decoded */
    size_t count;
};

/* Appends the modules in the text of an output of esbuild. */
void ot_wasm_texts_find(struct ot_span output, struct ot_wasm_texts *out);
void ot_wasm_texts_free(struct ot_wasm_texts *texts);

/*
 * Whether the bytes are a whole module (WebAssembly core specification, section 5.5.16): version 1,
 * sections that end where they say, with code, and with exports, without which it is of no use.
 */
bool ot_is_wasm(struct ot_span bytes);
