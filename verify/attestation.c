#include "verify/attestation.h"

#include "verify/in_toto.h"
#include "verify/refusal.h"

#include <string.h>

void ot_attestation_text(const struct ot_attestation *attestation, struct ot_buf *out)
{
    ot_buf_printf(out,
                  OT_IN_TOTO_HEAD(OT_REBUILD_TYPE) "\"predicate\":{\"name\":\"%s\",\"version\":"
                                                   "\"%s\",\"onetube\":\"%s\",\"esbuild\":\"%s\"}}",
                  attestation->manifest_sha256, attestation->name, attestation->version,
                  attestation->onetube, attestation->esbuild);
}

static int read_text(struct ot_attestation *attestation, struct ot_span text, struct ot_error *err)
{
    OT_CLEANUP(ot_json_end) struct ot_json json;
    OT_AUTOBUF struct ot_buf again = {0};

    ot_json_begin(&json, text, 0);
    if (ot_in_toto_head(&json, OT_REBUILD_TYPE, attestation->manifest_sha256, err) < 0 ||
        ot_json_expect_key(&json, "predicate", err) < 0 || ot_json_object(&json, err) < 0 ||
        ot_in_toto_text(&json, "name", attestation->name, err) < 0 ||
        ot_in_toto_text(&json, "version", attestation->version, err) < 0 ||
        ot_in_toto_text(&json, "onetube", attestation->onetube, err) < 0 ||
        ot_in_toto_text(&json, "esbuild", attestation->esbuild, err) < 0 ||
        ot_json_expect_end(&json, err) < 0 || ot_json_expect_end(&json, err) < 0 ||
        ot_json_finish(&json, err) < 0)
        return -1;
    ot_attestation_text(attestation, &again);
    if (!ot_span_equal(ot_buf_span(&again), text))
        return ot_fail(err, OT_FAILED, "not the one valid spelling: one line, no white space");
    return 0;
}

int ot_attestation_parse(struct ot_attestation *attestation, struct ot_span text,
                         struct ot_error *err)
{
    int done;

    memset(attestation, 0, sizeof(*attestation));
    done = read_text(attestation, text, err);
    if (done < 0 && err->kind != OT_REFUSED) {
        err->kind = OT_REFUSED;
        err->code = OT_E_STATEMENT;
    }
    return done;
}
