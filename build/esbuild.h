/*
 * esbuild as a child process, driven over its stdio service: binary packets whose protocol belongs
 * to exactly one version, so the binary is pinned and its version checked at start. Our resolver
 * decides every specifier that it asks for.
 */
#pragma once

#include "base/process.h"
#include "build/packet.h"

#define OT_ESBUILD_VERSION "0.28.2"

/*
 * Where esbuild is: `given` if not NULL; installed beside this program; in the node_modules of the
 * tree that it was built in; in one at or above the folder `functions`; in PATH. Errors: OT_TOOL,
 * which says how to install it. The caller frees the result.
 */
OT_MUST_USE char *ot_esbuild_find(const char *given, const char *functions, struct ot_error *err);

struct ot_esbuild;

/* The other end of the conversation. Both return -1 to end it with an error. */
struct ot_esbuild_peer {
    void *context;
    /*
     * esbuild asks for something; answer with ot_esbuild_send(..., id, true, ...), now or later.
     * `request` is valid during the call.
     */
    int (*request)(void *context, struct ot_esbuild *esbuild, uint32_t id,
                   const struct ot_value *request, struct ot_error *err);
    /* The answer to a question other than the one that ot_esbuild_run waits for. */
    int (*response)(void *context, struct ot_esbuild *esbuild, uint32_t id,
                    const struct ot_value *response, struct ot_error *err);
};

/* An answer of esbuild with the bytes that its texts point into. Start from `{0}`. */
struct ot_esbuild_answer {
    struct ot_packet packet;
    struct ot_buf bytes;
};

void ot_esbuild_answer_free(struct ot_esbuild_answer *answer);

/*
 * Starts the service of the binary `path` with at most `jobs` threads (0: as many as there are
 * cores), which takes a while. Errors: OT_TOOL. End it with ot_esbuild_stop.
 */
OT_MUST_USE int ot_esbuild_start(const char *path, unsigned jobs, struct ot_esbuild **out,
                                 struct ot_error *err);
/* Ends it without waiting: nothing more is asked of it. ot_esbuild_stop is still needed. */
void ot_esbuild_dismiss(struct ot_esbuild *esbuild);
/* Waits until it has started, and checks its version; call it once, before anything else. Errors:
 * OT_TOOL. */
OT_MUST_USE int ot_esbuild_ready(struct ot_esbuild *esbuild, struct ot_error *err);
void ot_esbuild_stop(struct ot_esbuild *esbuild);

#define OT_AUTOESBUILD OT_CLEANUP(ot_esbuild_cleanup)
void ot_esbuild_cleanup(struct ot_esbuild **esbuild);

/* A fresh number for a question. */
uint32_t ot_esbuild_next_id(struct ot_esbuild *esbuild);

/* Queues a packet with one encoded value (ot_put_*); it leaves while ot_esbuild_run waits. */
void ot_esbuild_send(struct ot_esbuild *esbuild, uint32_t id, bool is_response,
                     struct ot_span value);

/*
 * Talks until the answer to question `id` is there. An answer that is only an error
 * text is OT_TOOL.
 */
OT_MUST_USE int ot_esbuild_run(struct ot_esbuild *esbuild, uint32_t id,
                               const struct ot_esbuild_peer *peer, struct ot_esbuild_answer *answer,
                               struct ot_error *err);
