/* The gateway's own answers: always JSON {"error","reason"}, with a stable reason. */
#pragma once

#include "base/buf.h"

#include <stdint.h>

enum ot_refusal {
    OT_REFUSAL_NONE,
    OT_BAD_REQUEST,           /* 400 bad_request: the connection is closed behind it */
    OT_UNAUTHORIZED,          /* 401 unauthorized: no credentials */
    OT_INVALID_TOKEN,         /* 401 invalid_token */
    OT_TOKEN_EXPIRED,         /* 401 token_expired */
    OT_FORBIDDEN,             /* 403 forbidden: an endpoint of the gateway without its key */
    OT_NOT_FOUND,             /* 404 not_found: not below the prefix */
    OT_UNKNOWN_FUNCTION,      /* 404 unknown_function: Function "x" not found */
    OT_METHOD_NOT_ALLOWED,    /* 405 method_not_allowed: an endpoint of the gateway */
    OT_HEAD_TIMEOUT,          /* 408 header_timeout */
    OT_BODY_TIMEOUT,          /* 408 body_timeout: Request body read timed out */
    OT_LENGTH_MISMATCH,       /* 400 body_incomplete */
    OT_BODY_TOO_LARGE,        /* 413 body_too_large, with "maxBytes" */
    OT_TARGET_TOO_LONG,       /* 414 target_too_long */
    OT_EXPECTATION,           /* 417 expectation_failed */
    OT_RATE_LIMITED,          /* 429 rate_limited, with "retryAfterSeconds" */
    OT_HEAD_TOO_LARGE,        /* 431 head_too_large */
    OT_INTERNAL,              /* 500 internal */
    OT_NOT_IMPLEMENTED,       /* 501 not_implemented: a method that nobody knows */
    OT_FUNCTION_CRASHED,      /* 502 function_crashed: the cell broke off before an answer */
    OT_BREAKER_OPEN,          /* 503 circuit_breaker_open */
    OT_FUNCTION_WARMING,      /* 503 function_warming, with X-1tube-Warming: 1 */
    OT_FUNCTION_UNAVAILABLE,  /* 503 function_unavailable: it fails to start; retried later */
    OT_FUNCTION_BUSY,         /* 503 function_busy: too many wait for it, or one did too long */
    OT_TOO_MANY_CONNECTIONS,  /* 503 too_many_connections */
    OT_STOPPING,              /* 503 stopping */
    OT_DRAINING,              /* 503 draining: no function is called until that is undone */
    OT_FUNCTION_TIMEOUT,      /* 504 function_timeout: Function execution timed out */
    OT_VERSION_NOT_SUPPORTED, /* 505 version_not_supported */
    OT_REFUSAL_COUNT
};

/* What the answer says besides. Zeroed: nothing. */
struct ot_refusal_detail {
    struct ot_span function; /* for OT_UNKNOWN_FUNCTION; cut and escaped as needed */
    uint64_t max_bytes;      /* for OT_BODY_TOO_LARGE */
    uint64_t retry_after_s;  /* above 0: Retry-After, and for 429 "retryAfterSeconds" */
};

unsigned ot_refusal_status(enum ot_refusal refusal);
/* The reason, "rate_limited"; also the label of its counter. */
const char *ot_refusal_reason(enum ot_refusal refusal);
/* Appends the JSON body. */
void ot_refusal_body(enum ot_refusal refusal, const struct ot_refusal_detail *detail,
                     struct ot_buf *out);
/* Appends the header lines that belong to it: content-type, Retry-After (but for 429, whose is
 * written by ot_limit_write), WWW-Authenticate for 401 (RFC 6750 section 3), X-1tube-Warming. */
void ot_refusal_headers(enum ot_refusal refusal, const struct ot_refusal_detail *detail,
                        struct ot_buf *out);
/* The standard reason phrase of any status, "" when there is none. */
const char *ot_status_phrase(unsigned status);
