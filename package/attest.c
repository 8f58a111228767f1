#include "package/attest.h"

#include "package/sign.h"
#include "verify/pae.h"

int ot_attest(const struct ot_attestation *attestation, const struct ot_signer *signers,
              size_t signer_count, struct ot_buf *out, struct ot_error *err)
{
    OT_AUTOENVELOPE struct ot_envelope envelope = {.page.count = 0};
    OT_AUTOBUF struct ot_buf message = {0};

    if (signer_count == 0)
        return ot_fail(err, OT_USAGE, "an attestation needs a signature");
    if (ot_signers_check(signers, signer_count, &envelope.page, err) < 0)
        return -1;
    ot_attestation_text(attestation, &envelope.text);
    ot_pae(OT_IN_TOTO_TYPE, ot_buf_span(&envelope.text), &message);
    if (ot_signers_sign(signers, signer_count, ot_buf_span(&message), &envelope.page, err) < 0)
        return -1;
    ot_envelope_write(&envelope, out);
    return 0;
}
