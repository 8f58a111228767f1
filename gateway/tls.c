#include "gateway/tls.h"

#include "base/file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PEM_MAX (1u << 20)
#define CHAIN_MAX 16u

struct ot_tls {
    char *cert_file, *key_file;
    pthread_mutex_t lock;
    SSL_CTX *context; /* counted: connections hold the one that they began with */
};

/* -- errors ------------------------------------------------------------------------------------ */

static int fail_ssl(struct ot_error *err, const char *file, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    ERR_clear_error();
    return ot_fail(err, OT_CONFIG, "%s: %s%s%s", file, what, reason != NULL ? ": " : "",
                   reason != NULL ? reason : "");
}

static void warn(struct ot_list *warnings, const char *file, const char *what)
{
    OT_AUTOFREE char *text = ot_asprintf("%s: %s", file, what);

    ot_list_add(warnings, text);
}

/* -- the files --------------------------------------------------------------------------------- */

static int read_pem(const char *file, struct ot_buf *out, struct ot_error *err)
{
    if (ot_read_file(file, PEM_MAX, out, err) < 0) {
        err->kind = OT_CONFIG;
        return -1;
    }
    return 0;
}

static void check_dates(const X509 *certificate, const char *file, struct ot_list *warnings)
{
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
        warn(warnings, file, "the certificate has expired");
    else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
        warn(warnings, file, "the certificate is not valid yet");
}

/* True when nothing but text is left. */
static bool is_end_of_pem(void)
{
    unsigned long error = ERR_peek_last_error();

    ERR_clear_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static int use_chain(SSL_CTX *context, BIO *pem, const char *file, struct ot_error *err)
{
    X509 *certificate;
    size_t count = 0;

    while ((certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
        if (++count > CHAIN_MAX || SSL_CTX_add0_chain_cert(context, certificate) != 1) {
            X509_free(certificate);
            return fail_ssl(err, file, "the chain cannot be used");
        }
    }
    return is_end_of_pem() ? 0 : ot_fail(err, OT_CONFIG, "%s: the chain is malformed", file);
}

static int use_certificate(SSL_CTX *context, const char *file, struct ot_list *warnings,
                           struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    X509 *certificate;
    BIO *pem;
    int result;

    if (read_pem(file, &text, err) < 0)
        return -1;
    pem = BIO_new_mem_buf(text.data, (int)text.len);
    certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    if (certificate == NULL) {
        BIO_free(pem);
        return fail_ssl(err, file, "no certificate in PEM");
    }
    check_dates(certificate, file, warnings);
    result = SSL_CTX_use_certificate(context, certificate) == 1
                 ? use_chain(context, pem, file, err)
                 : fail_ssl(err, file, "the certificate cannot be used");
    X509_free(certificate);
    BIO_free(pem);
    return result;
}

/* Nobody is there to type one. */
static int no_passphrase(char *to, int size, int writing, void *context)
{
    (void)to;
    (void)size;
    (void)writing;
    *(bool *)context = true;
    return -1;
}

static int use_key(SSL_CTX *context, const char *file, struct ot_list *warnings,
                   struct ot_error *err)
{
    OT_AUTOBUF struct ot_buf text = {0};
    bool is_encrypted = false;
    struct stat info;
    EVP_PKEY *key;
    BIO *pem;
    int result = 0;

    if (read_pem(file, &text, err) < 0)
        return -1;
    if (stat(file, &info) == 0 && (info.st_mode & (S_IRGRP | S_IROTH)) != 0)
        warn(warnings, file, "the private key can be read by others (chmod 600)");
    pem = BIO_new_mem_buf(text.data, (int)text.len);
    key = PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, &is_encrypted);
    BIO_free(pem);
    OPENSSL_cleanse(text.data, text.len);
    if (is_encrypted) {
        ERR_clear_error();
        return ot_fail(err, OT_CONFIG, "%s: the private key is encrypted (openssl pkey -in ...)",
                       file);
    }
    if (key == NULL)
        return fail_ssl(err, file, "no private key in PEM");
    if (X509_check_private_key(SSL_CTX_get0_certificate(context), key) != 1)
        result = ot_fail(err, OT_CONFIG, "%s: is not the key of the certificate", file);
    else if (SSL_CTX_use_PrivateKey(context, key) != 1)
        result = fail_ssl(err, file, "the private key cannot be used");
    EVP_PKEY_free(key);
    ERR_clear_error();
    return result;
}

/* -- the context ------------------------------------------------------------------------------- */

/* The server chooses, h2 first; a client that offers none of these is refused (RFC 7301
 * section 3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *length,
                           const unsigned char *offered, unsigned int offered_length, void *context)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1\x08http/1.0";
    unsigned char *chosen;

    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&chosen, length, ours, sizeof(ours) - 1, offered, offered_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* https://wiki.mozilla.org/Security/Server_Side_TLS, intermediate. */
static bool configure(SSL_CTX *context)
{
    static const char ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                  "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
    static const unsigned char name[] = "onetube";

    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* tickets only */
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, ciphers) == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
           SSL_CTX_set_session_id_context(context, name, sizeof(name) - 1) == 1;
}

static int make_context(const struct ot_tls *tls, SSL_CTX **out, struct ot_list *warnings,
                        struct ot_error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    int result = -1;

    ERR_clear_error();
    if (context == NULL || !configure(context))
        result = fail_ssl(err, tls->cert_file, "TLS is not available");
    else if (use_certificate(context, tls->cert_file, warnings, err) == 0 &&
             use_key(context, tls->key_file, warnings, err) == 0)
        result = 0;
    if (result == 0)
        *out = context;
    else
        SSL_CTX_free(context);
    return result;
}

int ot_tls_reload(struct ot_tls *tls, struct ot_list *warnings, struct ot_error *err)
{
    SSL_CTX *next = NULL, *old;

    if (make_context(tls, &next, warnings, err) < 0)
        return -1;
    pthread_mutex_lock(&tls->lock);
    old = tls->context;
    tls->context = next;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old);
    return 0;
}

int ot_tls_open(const char *cert_file, const char *key_file, struct ot_tls **out,
                struct ot_list *warnings, struct ot_error *err)
{
    struct ot_tls *tls = ot_alloc(1, sizeof(*tls));

    tls->cert_file = ot_strdup(cert_file);
    tls->key_file = ot_strdup(key_file);
    pthread_mutex_init(&tls->lock, NULL);
    if (ot_tls_reload(tls, warnings, err) < 0) {
        ot_tls_free(tls);
        return -1;
    }
    *out = tls;
    return 0;
}

void ot_tls_free(struct ot_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    pthread_mutex_destroy(&tls->lock);
    free(tls->cert_file);
    free(tls->key_file);
    free(tls);
}

struct ssl_st *ot_tls_accept(struct ot_tls *tls)
{
    SSL *ssl;

    pthread_mutex_lock(&tls->lock);
    ssl = SSL_new(tls->context);
    pthread_mutex_unlock(&tls->lock);
    if (ssl == NULL)
        abort();
    SSL_set_accept_state(ssl);
    return ssl;
}
