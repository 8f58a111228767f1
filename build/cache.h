/*
 * What earlier builds made, in `<functions folder>/.onetube/cache`: records, which say what a build
 * looked at and what came out (record.h), and blobs, the outputs themselves, named by their
 * SHA-256.
 *
 * What is taken from here ends in signed bundles, so this is what was decided about attackers:
 *
 * - Every record is authenticated (HMAC-SHA256, RFC 2104) with a random key of this user on this
 *   machine, in a file of their own outside of the project: `onetube/cache.key` in XDG_STATE_HOME,
 *   or in ~/.local/state. A cache that came with a checkout, an archive, a container image or from
 *   another machine therefore counts for nothing: who can put files into a project cannot make a
 *   record, and a review of the sources is a review of what is built. The key file must be a
 * regular file of the user's own that nobody else can read or write. No key, no cache.
 * - The record's own name is part of what is authenticated, so one cannot stand in for another; the
 *   name is a digest over everything that is not in the record (cached.h).
 * - A blob counts only if its bytes have the digest that an authentic record names. So every byte
 *   that comes from here was written by this user's onetube.
 * - The folder must be the user's own, no link, and writable by nobody else; it is made with mode
 *   0700. That keeps others from deleting what is there, or from filling it; the bytes do not
 * depend on it.
 * - A program that runs as the user can read the key. It could as well change the sources, or
 *   onetube: nothing is defended against it. `--no-cache` is for builds that must not depend on
 *   anything that an earlier job on the machine has left, as releases may want.
 *
 * What is wrong here is never an error: it is as if it were not there. Files appear whole or not at
 * all, so builds share it without locks; none is ever changed. It is not flushed to disk: what a
 * power cut leaves fails its digest.
 */
#pragma once

#include "base/digest.h"

#include <time.h>

#define OT_CACHE_FOLDER ".onetube/cache"
#define OT_CACHE_MAX (256u << 20)        /* bytes; beyond them what was not used for longest goes */
#define OT_CACHE_RECORD_MAX (128u << 20) /* bytes */

struct ot_cache;

#define OT_AUTOCACHE OT_CLEANUP(ot_cache_cleanup)

/*
 * Opens the cache of the functions folder (absolute), and makes it. NULL: there can be none, and
 * the build does all the work.
 */
struct ot_cache *ot_cache_open(const char *folder);
void ot_cache_close(struct ot_cache *cache);
void ot_cache_cleanup(struct ot_cache **cache);
/*
 * Whether the cache of the functions folder (absolute) has any record, and when one was last used;
 * nothing is made.
 */
bool ot_cache_last_used(const char *folder, struct timespec *when);

/* The record of that name, 64 hexadecimal digits; false: there is none that can be trusted. */
bool ot_cache_get(struct ot_cache *cache, const char *name, struct ot_buf *out);
/* The blob with that SHA-256, of exactly `len` bytes; false: there is none. */
bool ot_cache_get_blob(struct ot_cache *cache, const char *sha256, size_t len, struct ot_buf *out);
/* False: it could not be written. */
bool ot_cache_put(struct ot_cache *cache, const char *name, struct ot_span record);
bool ot_cache_put_blob(struct ot_cache *cache, const char *sha256, struct ot_span data);
/* Removes what was not used for longest until `max` bytes are left, and what killed builds left. */
void ot_cache_trim(struct ot_cache *cache, uint64_t max);
