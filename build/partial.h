/*
 * Bundling again only the functions that changed, to exactly the bytes that bundling all of them
 * would give.
 *
 * With splitting, esbuild puts each module into the chunk of those modules that the same entries
 * reach (its "key": functions, and modules that import() names), keeps of a module what any of them
 * uses, and gives a chunk the exports that other chunks import. So a function's own output depends
 * on the others in three ways only: which of its modules they share, what they use of those, and in
 * what order chunks are imported. A run of the changed functions together with a few unchanged ones
 * ("witnesses") therefore gives the outputs of the full run, if
 *
 * 1. the modules that unchanged functions reach have the keys that they had;
 * 2. in the run, modules of the changed functions are in one chunk exactly if they have the same
 *    key in the full run;
 * 3. every chunk that an unchanged function needs and a changed one needs or needed has in the run,
 *    byte for byte, the content that it had; this shows that the witnesses use of it what all the
 * others together use;
 * 4. every other output of the run holds only modules that no unchanged function reaches;
 * 5. chunks are imported in an order that the earlier outputs show to be the full run's;
 * 6. the modules of the changed functions are met in the order in which the full run meets them.
 *
 * and if no two chunks have the same bytes, for those are named by more than that (relabel.h).
 *
 * Witnesses are chosen so that this is likely; then all of it is checked on what came out. Where it
 * does not hold, everything is bundled. Functions that are bundled apart (without splitting, or
 * with top-level await) depend on no other.
 */
#pragma once

#include "build/record.h"

/*
 * Which functions to bundle: sets `chosen` for the changed ones and their witnesses. The data of
 * the record's files is there. False: all of them, for it would be no less work or is not possible.
 */
bool ot_partial_choose(const struct ot_record *old, const uint64_t *changed, bool splitting,
                       bool *chosen);

/*
 * What bundling all functions would give, from the record and what came out for the chosen ones,
 * without notes, uses and lookups. The result's files point into both. False: it cannot be told.
 */
bool ot_partial_merge(const struct ot_record *old, const uint64_t *changed, bool splitting,
                      const struct ot_bundle *made, struct ot_bundle *out);
