#include "build/esbuild.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO_TIMEOUT_MS 20000
#define HELLO_MAX 64u       /* bytes of the version */
#define STDERR_MAX 65536u   /* bytes of its messages that are looked at */
#define PIPE_SIZE (1 << 20) /* outputs are large: fewer turns */
#define READ_SIZE (256 << 10)

struct ot_esbuild {
    pid_t pid; /* 0 when not running */
    char *path;
    int in;  /* its standard input: a socket, so that writing to one that has ended is an error and
                no signal */
    int out; /* its standard output: a pipe */
    int messages; /* its standard error: a memory file */
    struct ot_buf to_send;
    size_t sent;
    struct ot_buf received;
    size_t used; /* of `received`; what lies before was handled */
    uint32_t next_id;
};

void ot_esbuild_answer_free(struct ot_esbuild_answer *answer)
{
    ot_packet_free(&answer->packet);
    ot_buf_free(&answer->bytes);
}

uint32_t ot_esbuild_next_id(struct ot_esbuild *esbuild)
{
    return esbuild->next_id++;
}

void ot_esbuild_send(struct ot_esbuild *esbuild, uint32_t id, bool is_response,
                     struct ot_span value)
{
    size_t start;

    if (esbuild->sent == esbuild->to_send.len) {
        ot_buf_clear(&esbuild->to_send);
        esbuild->sent = 0;
    }
    start = ot_packet_begin(&esbuild->to_send, id, is_response);
    ot_buf_append(&esbuild->to_send, value.data, value.len);
    ot_packet_end(&esbuild->to_send, start);
}

/* -- the process ------------------------------------------------------------------------------- */

void ot_esbuild_dismiss(struct ot_esbuild *esbuild)
{
    /* it holds nothing that could be lost */
    if (esbuild->pid > 0)
        kill(esbuild->pid, SIGKILL);
}

void ot_esbuild_stop(struct ot_esbuild *esbuild)
{
    int status;
    struct ot_error ignored;

    if (esbuild == NULL)
        return;
    if (esbuild->pid > 0) {
        ot_esbuild_dismiss(esbuild);
        if (ot_process_wait(esbuild->pid, &status, &ignored) < 0)
            status = 0;
    }
    ot_autoclose(&esbuild->in);
    ot_autoclose(&esbuild->out);
    ot_autoclose(&esbuild->messages);
    ot_buf_free(&esbuild->to_send);
    ot_buf_free(&esbuild->received);
    free(esbuild->path);
    free(esbuild);
}

void ot_esbuild_cleanup(struct ot_esbuild **esbuild)
{
    ot_esbuild_stop(*esbuild);
}

static int open_streams(struct ot_esbuild *esbuild, int theirs[2], struct ot_error *err)
{
    int in[2], out[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0)
        return ot_fail_errno(err, OT_TOOL, "cannot start esbuild: socketpair");
    esbuild->in = in[0];
    theirs[0] = in[1];
    if (pipe2(out, O_CLOEXEC) < 0)
        return ot_fail_errno(err, OT_TOOL, "cannot start esbuild: pipe");
    esbuild->out = out[0];
    theirs[1] = out[1];
    fcntl(esbuild->out, F_SETPIPE_SZ, PIPE_SIZE); /* may be refused: then it is only slower */
    if (fcntl(esbuild->in, F_SETFL, O_NONBLOCK) < 0 || fcntl(esbuild->out, F_SETFL, O_NONBLOCK) < 0)
        return ot_fail_errno(err, OT_TOOL, "cannot start esbuild: fcntl");
    esbuild->messages = memfd_create("esbuild", MFD_CLOEXEC);
    if (esbuild->messages < 0)
        return ot_fail_errno(err, OT_TOOL, "cannot start esbuild: memfd_create");
    return 0;
}

/*
 * Nothing of our environment may change the result: esbuild gets how to use memory and processors,
 * and PATH for a wrapper script.
 */
static int spawn(struct ot_esbuild *esbuild, const int theirs[2], unsigned jobs,
                 struct ot_error *err)
{
    const char *path = getenv("PATH");
    OT_AUTOFREE char *path_variable = ot_asprintf("PATH=%s", path != NULL ? path : "");
    OT_AUTOFREE char *jobs_variable = ot_asprintf("GOMAXPROCS=%u", jobs);
    const char *const argv[] = {esbuild->path, "--service=" OT_ESBUILD_VERSION, NULL};
    /* it lives for one build: collecting garbage only pays when memory gets scarce */
    const char *const envp[] = {path_variable, "GOGC=off", "GOMEMLIMIT=1GiB",
                                jobs > 0 ? jobs_variable : NULL, NULL};
    const struct ot_fd_map fds[] = {{theirs[0], 0}, {theirs[1], 1}, {esbuild->messages, 2}};
    const struct ot_process_options options = {
        .argv = argv,
        .envp = envp,
        .fds = fds,
        .fd_count = OT_COUNT(fds),
        .die_with_parent = true,
        .no_new_privileges = true,
        .own_group = true,
    };

    return ot_process_start(&options, &esbuild->pid, err);
}

/* What it wrote to standard error, from the beginning. */
static void read_messages(const struct ot_esbuild *esbuild, struct ot_buf *out)
{
    char *place = ot_buf_reserve(out, STDERR_MAX);
    ssize_t got = pread(esbuild->messages, place, STDERR_MAX - 1, 0);

    out->len += got > 0 ? (size_t)got : 0;
    out->data[out->len] = '\0';
}

/* It has closed its output: says why, as far as that can be known. */
static int fail_ended(struct ot_esbuild *esbuild, struct ot_error *err)
{
    static const char other_version[] = "binary version \"";
    OT_AUTOBUF struct ot_buf messages = {0};
    char status_text[64], shown[1024];
    struct ot_error ignored;
    const char *found;
    int status = 0;

    kill(esbuild->pid, SIGKILL);
    if (ot_process_wait(esbuild->pid, &status, &ignored) < 0)
        status = 0;
    esbuild->pid = 0;
    read_messages(esbuild, &messages);
    found = strstr(messages.data, other_version);
    if (found != NULL) {
        found += strlen(other_version);
        ot_printable(shown, sizeof(shown), (struct ot_span){found, strcspn(found, "\"\n")});
        return ot_fail(err, OT_TOOL,
                       "%s is esbuild %s, but version " OT_ESBUILD_VERSION
                       " is needed (npm install esbuild@" OT_ESBUILD_VERSION ")",
                       esbuild->path, shown);
    }
    ot_process_status_text(status, status_text, sizeof(status_text));
    ot_printable(shown, sizeof(shown),
                 (struct ot_span){messages.data, strcspn(messages.data, "\n")});
    return ot_fail(err, OT_TOOL, "%s ended before it was done (it %s)%s%s", esbuild->path,
                   status_text, shown[0] != '\0' ? ": " : "", shown);
}

/* -- packets ----------------------------------------------------------------------------------- */

static int send_some(struct ot_esbuild *esbuild, struct ot_error *err)
{
    ssize_t put = send(esbuild->in, esbuild->to_send.data + esbuild->sent,
                       esbuild->to_send.len - esbuild->sent, MSG_NOSIGNAL);

    if (put < 0 && (errno == EPIPE || errno == ECONNRESET))
        return fail_ended(esbuild, err);
    if (put < 0 && errno != EAGAIN && errno != EINTR)
        return ot_fail_errno(err, OT_TOOL, "%s: writing to it", esbuild->path);
    esbuild->sent += put > 0 ? (size_t)put : 0;
    return 0;
}

static int receive_some(struct ot_esbuild *esbuild, struct ot_error *err)
{
    struct ot_buf *received = &esbuild->received;
    ssize_t got;

    if (esbuild->used > 0) {
        memmove(received->data, received->data + esbuild->used, received->len - esbuild->used);
        received->len -= esbuild->used;
        esbuild->used = 0;
    }
    got = read(esbuild->out, ot_buf_reserve(received, READ_SIZE), READ_SIZE - 1);
    if (got == 0)
        return fail_ended(esbuild, err);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR
                   ? 0
                   : ot_fail_errno(err, OT_TOOL, "%s: reading from it", esbuild->path);
    received->len += (size_t)got;
    return 0;
}

/* Moves bytes in both directions once. */
static int exchange(struct ot_esbuild *esbuild, int timeout_ms, struct ot_error *err)
{
    bool sending = esbuild->sent < esbuild->to_send.len;
    struct pollfd fds[] = {{esbuild->out, POLLIN, 0}, {esbuild->in, POLLOUT, 0}};
    int ready = poll(fds, sending ? 2 : 1, timeout_ms);

    if (ready < 0 && errno != EINTR)
        return ot_fail_errno(err, OT_TOOL, "%s: poll", esbuild->path);
    if (ready == 0)
        return ot_fail(err, OT_TOOL, "%s does not answer; is it esbuild " OT_ESBUILD_VERSION "?",
                       esbuild->path);
    if (ready > 0 && sending && fds[1].revents != 0 && send_some(esbuild, err) < 0)
        return -1;
    return ready > 0 && fds[0].revents != 0 ? receive_some(esbuild, err) : 0;
}

/* 1: `bytes` is the next packet, valid until the next exchange; 0: it is not complete yet; -1. */
static int next_packet(struct ot_esbuild *esbuild, uint32_t max, struct ot_span *bytes,
                       struct ot_error *err)
{
    size_t left = esbuild->received.len - esbuild->used;
    const char *at = left > 0 ? esbuild->received.data + esbuild->used : NULL;
    uint32_t len;

    if (left < 4)
        return 0;
    len = ot_packet_u32(at);
    if (len > max)
        return ot_fail(err, OT_TOOL,
                       "%s does not speak the protocol of esbuild " OT_ESBUILD_VERSION,
                       esbuild->path);
    if (left - 4 < len)
        return 0;
    *bytes = (struct ot_span){at + 4, len};
    esbuild->used += 4 + (size_t)len;
    return 1;
}

int ot_esbuild_ready(struct ot_esbuild *esbuild, struct ot_error *err)
{
    struct ot_span version = {0};
    char shown[HELLO_MAX + 1];
    int found;

    while ((found = next_packet(esbuild, HELLO_MAX, &version, err)) == 0) {
        if (exchange(esbuild, HELLO_TIMEOUT_MS, err) < 0)
            return -1;
    }
    if (found < 0 || ot_span_is(version, OT_ESBUILD_VERSION))
        return found < 0 ? -1 : 0;
    ot_printable(shown, sizeof(shown), version);
    return ot_fail(err, OT_TOOL,
                   "%s is esbuild %s, but version " OT_ESBUILD_VERSION
                   " is needed (npm install esbuild@" OT_ESBUILD_VERSION ")",
                   esbuild->path, shown);
}

int ot_esbuild_start(const char *path, unsigned jobs, struct ot_esbuild **out, struct ot_error *err)
{
    OT_AUTOESBUILD struct ot_esbuild *esbuild = ot_alloc(1, sizeof(*esbuild));
    OT_AUTOCLOSE int their_in = -1;
    OT_AUTOCLOSE int their_out = -1;
    int theirs[2] = {-1, -1};
    int result;

    esbuild->in = esbuild->out = esbuild->messages = -1;
    esbuild->path = ot_strdup(path);
    result = open_streams(esbuild, theirs, err);
    their_in = theirs[0];
    their_out = theirs[1];
    if (result < 0 || spawn(esbuild, theirs, jobs, err) < 0)
        return -1;
    /* ours must be the only copies, or its end would not be seen */
    ot_autoclose(&their_in);
    ot_autoclose(&their_out);
    *out = OT_STEAL(esbuild);
    return 0;
}

static int failed_answer(const struct ot_esbuild *esbuild, const struct ot_value *value,
                         struct ot_error *err)
{
    const struct ot_value *error = ot_value_get(value, "error");
    char shown[1024];

    if (error->type != OT_VALUE_STRING || error->text.len == 0)
        return 0;
    ot_printable(shown, sizeof(shown), error->text);
    return ot_fail(err, OT_TOOL, "%s: %s", esbuild->path, shown);
}

/* Handles one packet; 1 when it was the answer to `id`, which is then in `answer`. */
static int handle(struct ot_esbuild *esbuild, struct ot_span bytes, uint32_t id,
                  const struct ot_esbuild_peer *peer, struct ot_esbuild_answer *answer,
                  struct ot_error *err)
{
    struct ot_packet packet;
    int result;

    if (ot_packet_decode(bytes, &packet, err) < 0)
        return -1;
    if (packet.is_response && packet.id == id) {
        /* the answer outlives the receive buffer: decode it again in bytes of its own */
        ot_packet_free(&packet);
        ot_buf_append(&answer->bytes, bytes.data, bytes.len);
        if (ot_packet_decode(ot_buf_span(&answer->bytes), &answer->packet, err) < 0)
            return -1;
        return failed_answer(esbuild, &answer->packet.value, err) < 0 ? -1 : 1;
    }
    if (packet.is_response)
        result = peer->response(peer->context, esbuild, packet.id, &packet.value, err);
    else
        result = peer->request(peer->context, esbuild, packet.id, &packet.value, err);
    ot_packet_free(&packet);
    return result;
}

int ot_esbuild_run(struct ot_esbuild *esbuild, uint32_t id, const struct ot_esbuild_peer *peer,
                   struct ot_esbuild_answer *answer, struct ot_error *err)
{
    for (;;) {
        struct ot_span bytes = {0};
        int found;

        while ((found = next_packet(esbuild, OT_PACKET_MAX, &bytes, err)) > 0) {
            int result = handle(esbuild, bytes, id, peer, answer, err);

            if (result != 0)
                return result < 0 ? -1 : 0;
        }
        if (found < 0 || exchange(esbuild, -1, err) < 0)
            return -1;
    }
}
