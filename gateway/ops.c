#include "gateway/ops.h"

#include "base/listen.h"
#include "gateway/ops_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 4096u
/* Who has so much still to read is told no more events, and asked for no more, until it has. */
#define UNREAD_MAX (64u << 10)
/* So many of them wait to be accepted. */
#define ACCEPTED_AT_ONCE 16u

struct ot_ops_client {
    struct ot_ops_client *next, *previous;
    struct ot_ops *ops;
    uv_pipe_t pipe;
    struct ot_buf input; /* what was not looked at yet */
    bool proceeding;
    bool answering; /* a request */
    bool telling;   /* that of events, from `next_event` up to `end_event` */
    bool at_end;    /* it asks no more */
    bool refused;   /* closed once it was told why */
    bool closing;
    uint64_t next_event, end_event;
};

struct ot_ops {
    struct ot_ops_options options;
    struct ot_listen listen;
    char *address; /* of `listen` */
    uv_poll_t poll;
    struct ot_ops_client *clients;
    size_t client_count, handle_count;
    char chunk[READ_SIZE]; /* where bytes are read to; never across two events */
};

struct message {
    uv_write_t write;
    struct ot_buf line;
};

static void proceed(struct ot_ops_client *client);
static void give_chunk(uv_handle_t *handle, size_t suggested, uv_buf_t *out);
static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *bytes);

/* -- the end of clients ------------------------------------------------------------------------ */

static void release(struct ot_ops *ops)
{
    if (--ops->handle_count > 0)
        return;
    free(ops->address);
    free(ops);
}

static void on_client_closed(uv_handle_t *handle)
{
    struct ot_ops_client *client = handle->data;
    struct ot_ops *ops = client->ops;

    if (client->previous != NULL)
        client->previous->next = client->next;
    else
        ops->clients = client->next;
    if (client->next != NULL)
        client->next->previous = client->previous;
    ops->client_count--;
    ot_buf_free(&client->input);
    free(client);
    release(ops);
}

static void close_client(struct ot_ops_client *client)
{
    const struct ot_ops_options *options = &client->ops->options;

    if (client->closing)
        return;
    client->closing = true;
    if (client->answering && !client->telling)
        options->gone(options->context, client);
    uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

/* -- telling ----------------------------------------------------------------------------------- */

static size_t unread(const struct ot_ops_client *client)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&client->pipe);
}

static void on_written(uv_write_t *write, int status)
{
    struct message *message = write->data;
    struct ot_ops_client *client = write->handle->data;

    ot_buf_free(&message->line);
    free(message);
    if (status < 0)
        close_client(client);
    else
        proceed(client);
}

void ot_ops_send(struct ot_ops_client *client, struct ot_buf *line)
{
    struct message *message = ot_alloc(1, sizeof(*message));
    uv_buf_t bytes;

    message->line = *line;
    message->write.data = message;
    *line = (struct ot_buf){0};
    bytes = uv_buf_init(message->line.data, (unsigned)message->line.len);
    if (!client->closing &&
        uv_write(&message->write, (uv_stream_t *)&client->pipe, &bytes, 1, on_written) == 0)
        return;
    ot_buf_free(&message->line);
    free(message);
}

void ot_ops_refuse(struct ot_ops_client *client, const char *reason, const char *format, ...)
{
    OT_AUTOBUF struct ot_buf line = {0};
    char text[OT_ERROR_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ot_ops_write_error(text, reason, &line);
    ot_ops_send(client, &line);
}

void ot_ops_done(struct ot_ops_client *client)
{
    client->answering = false;
    client->telling = false;
    proceed(client);
}

/* As many events as it reads now. */
static void tell_events(struct ot_ops_client *client)
{
    const struct ot_events *events = client->ops->options.events;
    uint64_t oldest = ot_events_oldest(events);
    OT_AUTOBUF struct ot_buf line = {0};

    while (unread(client) < UNREAD_MAX && client->next_event < ot_events_next(events) &&
           client->next_event < client->end_event) {
        if (client->next_event < oldest) {
            ot_ops_write_lost(oldest - client->next_event, &line);
            client->next_event = oldest;
        } else {
            ot_ops_write_event(ot_events_at(events, client->next_event++), &line);
        }
        ot_ops_send(client, &line);
    }
    if (client->next_event < client->end_event)
        return;
    ot_ops_write_end(&line);
    ot_ops_send(client, &line);
    ot_ops_done(client);
}

static void begin_events(struct ot_ops_client *client, const struct ot_ops_request *request)
{
    const struct ot_events *events = client->ops->options.events;
    uint64_t oldest = ot_events_oldest(events), next = ot_events_next(events);

    client->telling = true;
    client->next_event = request->last < next - oldest ? next - request->last : oldest;
    client->end_event = request->follow ? UINT64_MAX : next;
    tell_events(client);
}

static void on_event(void *context)
{
    struct ot_ops *ops = context;

    for (struct ot_ops_client *client = ops->clients; client != NULL; client = client->next) {
        if (client->telling && !client->closing)
            tell_events(client);
    }
}

/* -- asking ------------------------------------------------------------------------------------ */

static void take_line(struct ot_ops_client *client, struct ot_span line)
{
    const struct ot_ops_options *options = &client->ops->options;
    struct ot_ops_request request;
    struct ot_error err = {0};

    if (ot_span_trim(line).len == 0)
        return;
    if (ot_ops_request_parse(line, &request, &err) < 0) {
        ot_ops_refuse(client, "bad_request", "%s", err.message);
        return;
    }
    client->answering = true;
    if (request.command == OT_OPS_EVENTS)
        begin_events(client, &request);
    else
        options->asked(options->context, client, &request);
}

/* The next line, moved out of the input; false: there is none. */
static bool next_line(struct ot_ops_client *client, struct ot_buf *line)
{
    struct ot_buf *input = &client->input;
    const char *end = input->len > 0 ? memchr(input->data, '\n', input->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - input->data) : input->len;

    ot_buf_clear(line);
    if (len > OT_OPS_LINE_MAX) {
        ot_ops_refuse(client, "too_large", "a request has at most %u bytes", OT_OPS_LINE_MAX);
        client->refused = true;
        return false;
    }
    if (end == NULL)
        return false;
    ot_buf_append(line, input->data, len);
    memmove(input->data, end + 1, input->len - len - 1);
    input->len -= len + 1;
    return true;
}

/* Whatever can be done now: telling goes on, the next request is looked at, it is closed. */
static void proceed(struct ot_ops_client *client)
{
    OT_AUTOBUF struct ot_buf line = {0};

    if (client->closing || client->proceeding)
        return;
    client->proceeding = true;
    if (client->telling)
        tell_events(client);
    while (!client->answering && !client->refused && unread(client) == 0 &&
           next_line(client, &line))
        take_line(client, line.data != NULL ? ot_buf_span(&line) : OT_SPAN(""));
    client->proceeding = false;
    if (!client->at_end && !client->refused && client->input.len <= OT_OPS_LINE_MAX)
        (void)uv_read_start((uv_stream_t *)&client->pipe, give_chunk, on_read);
    if (unread(client) == 0 && (client->refused || (client->at_end && !client->answering)))
        close_client(client);
}

static void give_chunk(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct ot_ops_client *client = handle->data;

    (void)suggested;
    *out = uv_buf_init(client->ops->chunk, READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *bytes)
{
    struct ot_ops_client *client = stream->data;

    if (got > 0) {
        ot_buf_append(&client->input, bytes->base, (size_t)got);
        /* it may ask again before it is answered, but not without end */
        if (client->input.len > OT_OPS_LINE_MAX + READ_SIZE)
            uv_read_stop(stream);
    } else if (got < 0) {
        uv_read_stop(stream);
        client->at_end = true;
    }
    if (got < 0 && (got != UV_EOF || client->telling))
        close_client(client);
    else
        proceed(client);
}

/* -- who comes --------------------------------------------------------------------------------- */

/* In one go: what a new connection cannot take at once is not worth waiting for. */
static void turn_away(int fd, const char *reason, const char *text)
{
    OT_AUTOBUF struct ot_buf line = {0};

    ot_ops_write_error(text, reason, &line);
    (void)!send(fd, line.data, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

/* unix(7): who was on the other end when it connected. */
static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof(peer) &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void add_client(struct ot_ops *ops, int fd)
{
    struct ot_ops_client *client = ot_alloc(1, sizeof(*client));

    client->ops = ops;
    client->next = ops->clients;
    if (client->next != NULL)
        client->next->previous = client;
    ops->clients = client;
    ops->client_count++;
    ops->handle_count++;
    uv_pipe_init(ops->options.loop, &client->pipe, 0);
    client->pipe.data = client;
    if (uv_pipe_open(&client->pipe, fd) < 0) {
        close(fd);
        close_client(client);
    } else if (uv_read_start((uv_stream_t *)&client->pipe, give_chunk, on_read) < 0) {
        close_client(client);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct ot_ops *ops = poll->data;

    (void)events;
    for (unsigned i = 0; i < ACCEPTED_AT_ONCE && status == 0; i++) {
        int fd = accept4(ops->listen.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
            return;
        if (!is_ours(fd))
            turn_away(fd, "forbidden", "the control socket is for its own user and root");
        else if (ops->client_count >= OT_OPS_CLIENTS_MAX)
            turn_away(fd, "too_many_clients", "the control socket has too many clients");
        else
            add_client(ops, fd);
    }
}

/* -- begin and end ----------------------------------------------------------------------------- */

static void on_poll_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void free_ops(struct ot_ops *ops)
{
    ot_listen_close(&ops->listen);
    free(ops->address);
    free(ops);
}

static int start(struct ot_ops *ops, struct ot_error *err)
{
    int failed;

    if (ot_listen_parse(&ops->listen, ops->address, err) < 0)
        return -1;
    ops->listen.is_private = true;
    if (ot_listen_open(&ops->listen, err) < 0)
        return -1;
    failed = uv_poll_init(ops->options.loop, &ops->poll, ops->listen.fd);
    if (failed != 0)
        return ot_fail(err, OT_FAILED, "event loop: %s", uv_strerror(failed));
    return 0;
}

int ot_ops_open(const struct ot_ops_options *options, struct ot_ops **out, struct ot_error *err)
{
    struct ot_ops *ops = ot_alloc(1, sizeof(*ops));

    ops->options = *options;
    ops->options.path = NULL;
    ops->address = ot_asprintf("unix:%s", options->path);
    if (start(ops, err) < 0) {
        free_ops(ops);
        err->kind = OT_CONFIG;
        return -1;
    }
    ops->handle_count = 1;
    ops->poll.data = ops;
    uv_poll_start(&ops->poll, UV_READABLE, on_poll);
    ot_events_listen(options->events, on_event, ops);
    *out = ops;
    return 0;
}

void ot_ops_close(struct ot_ops *ops)
{
    if (ops == NULL)
        return;
    ot_events_listen(ops->options.events, NULL, NULL);
    for (struct ot_ops_client *client = ops->clients; client != NULL; client = client->next)
        close_client(client);
    uv_close((uv_handle_t *)&ops->poll, on_poll_closed);
    ot_listen_close(&ops->listen);
}
