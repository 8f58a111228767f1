#include "package/attest.h"

#include "package/sign.h"
#include "verify/pae.h"

int ot_envelope_sign(struct ot_envelope *envelope, const struct ot_signer *signers,
                     size_t signer_count, struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf message = {0};

    if (ot_signers_check(signers, signer_count, &envelope->page, err) < 0)
        return -1;
    ot_pae(OT_IN_TOTO_TYPE, ot_buf_span(&envelope->text), &message);
    return ot_signers_sign(signers, signer_count, ot_buf_span(&message), &envelope->page, err);
}

int ot_attest(const struct ot_attestation *attestation, const struct ot_signer *signers,
              size_t signer_count, struct ot_buf *out, struct ot_error *err)
{
    OT_AUTOENVELOPE struct ot_envelope envelope = {.page.count = 0};

    if (signer_count == 0)
        return ot_fail(err, OT_USAGE, "an attestation needs a signature");
    ot_attestation_text(attestation, &envelope.text);
    if (ot_envelope_sign(&envelope, signers, signer_count, err) < 0)
        return -1;
    ot_envelope_write(&envelope, out);
    return 0;
}
