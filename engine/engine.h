/*
 * From a verified payload to the engine's whole configuration, code included, as one binary Cap'n
 * Proto message that goes over the engine's standard input. Nothing is written to disk.
 * engine/process.h starts the engine with it.
 */
#pragma once

#include "base/digest.h"
#include "base/process.h"
#include "verify/payload.h"

#include <sys/stat.h>

/* Of the npm package workerd: the engine that the config is written for. */
#define OT_ENGINE_VERSION "1.20261023.1"

/* The name of the engine's one socket, for --socket-fd. */
#define OT_ENGINE_SOCKET "http"

/* In a request to an engine behind a gateway: "http" or "https", what the client's URL begins with.
 * The engine takes it off again. */
#define OT_ENGINE_PROTO_HEADER "x-1tube-proto"

/* How requests are answered inside the engine. */
struct ot_engine_plan {
    const struct ot_list *functions; /* names to start; NULL or empty: all */
    const char *route_prefix;        /* normalised: "" or "/functions/v1" */
    const struct ot_list
        *env; /* names the operator allows; "*" among them: all that the manifest names */
    bool trust_identity_headers; /* pass x-1tube-auth-* and x-1tube-invocation-id on */
    bool trust_proto;            /* obey OT_ENGINE_PROTO_HEADER */
    /*
     * One function and no router in front of it: requests reach it as they are, so the socket must
     * be the gateway's alone. It has taken the route prefix off, has checked path, Host and caller,
     * has removed the client's own x-1tube-* headers. The prefix and trust above mean nothing then;
     * with the prefix "" and both of the trust, several functions behind the router take the very
     * same requests.
     */
    bool direct;
};

/* The engine's config (workerd.capnp, struct Config), as pieces to be written in order. */
struct ot_engine_config;

/*
 * Encodes it: a router worker behind the socket (unless `direct`), one worker "fn:<name>" for each
 * function, and the service "internet" (public addresses only). A module that many functions share
 * is in it once. The pieces point into the payload.
 *
 * A function gets the environment variables that the manifest names, the operator allows, its own
 * permissions.env (if it has one) allows, and that are set in our environment. Unknown function
 * names, and `direct` with another number of functions than one, are OT_USAGE; a module that is not
 * UTF-8 text or too large for the engine is OT_CONFIG.
 */
OT_MUST_USE int ot_engine_config_make(const struct ot_payload *payload,
                                      const struct ot_engine_plan *plan,
                                      struct ot_engine_config **out, struct ot_error *err);
void ot_engine_config_free(struct ot_engine_config *config);

#define OT_AUTOCONFIG OT_CLEANUP(ot_engine_config_cleanup)
void ot_engine_config_cleanup(struct ot_engine_config **config);

/* Bytes of the whole message. */
uint64_t ot_engine_config_size(const struct ot_engine_config *config);
/* How many functions it starts. */
size_t ot_engine_config_functions(const struct ot_engine_config *config);
/* Names of the environment variables that the engine must be given. */
const struct ot_list *ot_engine_config_env(const struct ot_engine_config *config);

/*
 * A function would silently miss a variable that is misspelt on the command line, was not built in
 * or is not set: `warn` (may be NULL) is told of each item of `env` that the manifest does not
 * name, or that is not in our environment. OT_USAGE for what is no name (or "*").
 */
OT_MUST_USE int ot_engine_check_env(const struct ot_list *env, const struct ot_manifest *manifest,
                                    void (*warn)(void *context, const char *message), void *context,
                                    struct ot_error *err);

/*
 * Writes on from where the last call stopped: 1 all is written, 0 the descriptor (non-blocking)
 * takes no more now, -1 failed (OT_TOOL). SIGPIPE must be ignored.
 */
OT_MUST_USE int ot_engine_config_write(struct ot_engine_config *config, int fd,
                                       struct ot_error *err);

/*
 * Brings a route prefix into its one form: blanks around it are dropped, one slash in front, none
 * behind, none doubled; empty or "/" gives "/functions/v1". Segments are `[A-Za-z0-9._~-]`, none of
 * them `.` or `..`, at most 200 bytes in all: OT_USAGE. Caller frees.
 */
OT_MUST_USE int ot_route_prefix(const char *text, char **out, struct ot_error *err);

/*
 * The engine's program, opened once: what is executed is what was opened then, whatever happens to
 * its path later.
 */
struct ot_engine_program {
    int fd;     /* for reading; -1 when not open */
    char *name; /* for messages and its own argv[0]: its absolute path, or OT_ENGINE_PATH */
    char sha256[OT_SHA256_HEX]; /* "" until it was needed */
    struct stat hashed;         /* the file as it was then */
};

#define OT_ENGINE_PROGRAM_INIT ((struct ot_engine_program){.fd = -1})
#define OT_AUTOPROGRAM OT_CLEANUP(ot_engine_program_close)

/*
 * Opens `path` if given, else what is installed beside this program (../libexec/onetube/workerd, or
 * the node_modules of the tree that it was built in), else `workerd` on PATH. OT_TOOL when there is
 * none, with what to do.
 */
OT_MUST_USE int ot_engine_program_open(struct ot_engine_program *program, const char *path,
                                       struct ot_error *err);
/*
 * Moves the program that the payload carries into sealed memory, which nobody can change any more:
 * the bytes that were verified are the bytes that are executed. OT_CONFIG for another architecture
 * than this machine's, and where the system forbids to execute memory.
 */
OT_MUST_USE int ot_engine_program_take(struct ot_engine_program *program,
                                       struct ot_payload *payload, struct ot_error *err);
void ot_engine_program_close(struct ot_engine_program *program);

/* Computes program->sha256 of what the descriptor holds, again only when the file has changed. */
OT_MUST_USE int ot_engine_program_hash(struct ot_engine_program *program, struct ot_error *err);
/*
 * Whether it is one of the engines that the payload's trust file allows, if that names any: else
 * E_ENGINE.
 */
OT_MUST_USE int ot_engine_program_check(struct ot_engine_program *program,
                                        const struct ot_payload *payload, struct ot_error *err);
/* E_ENGINE for a program that is not any more what was hashed; fine if nothing was. Each start of
 * an engine checks it. */
OT_MUST_USE int ot_engine_program_unchanged(const struct ot_engine_program *program,
                                            struct ot_error *err);
