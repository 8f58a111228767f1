/* A server on a loopback port that gives one answer to each connection, in a thread. */
#pragma once

#include "base/buf.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct http_answers {
    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    struct ot_buf answer; /* the whole of it, under the lock */
    unsigned requests;
    char url[64];
};

static inline void *http_answers_run(void *context)
{
    struct http_answers *server = context;

    for (;;) {
        OT_AUTOCLOSE int client = accept(server->listener, NULL, NULL);
        OT_AUTOBUF struct ot_buf head = {0};
        ssize_t got = 1;

        if (client < 0)
            return NULL;
        while (got > 0 && (head.len < 4 || strstr(head.data, "\r\n\r\n") == NULL)) {
            got = read(client, ot_buf_reserve(&head, 4096), 4096);
            head.len += got > 0 ? (size_t)got : 0;
            head.data[head.len] = '\0';
        }
        pthread_mutex_lock(&server->lock);
        server->requests++;
        if (write(client, server->answer.data, server->answer.len) < 0)
            perror("http_answers");
        pthread_mutex_unlock(&server->lock);
    }
}

static inline void http_answers_start(struct http_answers *server)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    *server = (struct http_answers){.lock = PTHREAD_MUTEX_INITIALIZER};
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
        listen(server->listener, 8) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&at, &len) < 0)
        abort();
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u/file", ntohs(at.sin_port));
    if (pthread_create(&server->thread, NULL, http_answers_run, server) != 0)
        abort();
}

static inline void http_answers_set(struct http_answers *server, const char *status,
                                    struct ot_span body)
{
    pthread_mutex_lock(&server->lock);
    ot_buf_clear(&server->answer);
    ot_buf_printf(
        &server->answer,
        "HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: text/x-test\r\nContent-Length: "
        "%zu\r\n\r\n",
        status, body.len);
    ot_buf_append(&server->answer, body.data, body.len);
    pthread_mutex_unlock(&server->lock);
}

static inline void http_answers_stop(struct http_answers *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    ot_buf_free(&server->answer);
}
