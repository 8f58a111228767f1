#include "gateway/connections.h"

#include "base/mem.h"
#include "base/random.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct ot_address address;
    uint32_t count; /* 0: free */
};

/* Open addressing, at most half full: each entry has at least one connection. */
struct ot_connections {
    pthread_mutex_t lock;
    uint64_t max, per_address, open;
    struct entry *entries;
    size_t mask;
    uint8_t key[crypto_shorthash_KEYBYTES];
};

struct ot_connections *ot_connections_new(uint64_t max, uint64_t per_address)
{
    struct ot_connections *connections = ot_alloc(1, sizeof(*connections));
    size_t size = 16;

    pthread_mutex_init(&connections->lock, NULL);
    connections->max = max;
    connections->per_address = per_address;
    if (per_address == 0)
        return connections;
    while (size < 2 * max)
        size *= 2;
    connections->entries = ot_alloc(size, sizeof(*connections->entries));
    connections->mask = size - 1;
    ot_random(connections->key, sizeof(connections->key));
    return connections;
}

void ot_connections_free(struct ot_connections *connections)
{
    if (connections == NULL)
        return;
    pthread_mutex_destroy(&connections->lock);
    free(connections->entries);
    free(connections);
}

static size_t home(const struct ot_connections *connections, const struct ot_address *address)
{
    uint8_t hash[crypto_shorthash_BYTES];
    size_t value;

    crypto_shorthash(hash, address->bytes, sizeof(address->bytes), connections->key);
    memcpy(&value, hash, sizeof(value));
    return value & connections->mask;
}

/* The address's entry, or the free one where it goes. */
static size_t find(const struct ot_connections *connections, const struct ot_address *address)
{
    size_t at = home(connections, address);

    while (connections->entries[at].count > 0 &&
           memcmp(&connections->entries[at].address, address, sizeof(*address)) != 0)
        at = (at + 1) & connections->mask;
    return at;
}

/* Moves what comes behind into the gap when that is where it would be looked for. */
static void close_gap(struct ot_connections *connections, size_t gap)
{
    size_t mask = connections->mask;

    for (size_t at = (gap + 1) & mask; connections->entries[at].count > 0; at = (at + 1) & mask) {
        size_t from = home(connections, &connections->entries[at].address);

        if (((at - from) & mask) < ((at - gap) & mask))
            continue;
        connections->entries[gap] = connections->entries[at];
        connections->entries[at].count = 0;
        gap = at;
    }
}

bool ot_connections_enter(struct ot_connections *connections, const struct ot_address *address,
                          bool is_exempt)
{
    bool is_counted = connections->per_address > 0 && !is_exempt;
    bool ok;

    pthread_mutex_lock(&connections->lock);
    ok = connections->open < connections->max;
    if (ok && is_counted) {
        struct ot_address network = ot_address_network(address);
        struct entry *entry = &connections->entries[find(connections, &network)];

        ok = entry->count < connections->per_address;
        if (ok) {
            entry->address = network;
            entry->count++;
        }
    }
    connections->open += ok;
    pthread_mutex_unlock(&connections->lock);
    return ok;
}

void ot_connections_leave(struct ot_connections *connections, const struct ot_address *address,
                          bool is_exempt)
{
    pthread_mutex_lock(&connections->lock);
    if (connections->per_address > 0 && !is_exempt) {
        struct ot_address network = ot_address_network(address);
        size_t at = find(connections, &network);

        if (--connections->entries[at].count == 0)
            close_gap(connections, at);
    }
    connections->open--;
    pthread_mutex_unlock(&connections->lock);
}

uint64_t ot_connections_open(const struct ot_connections *connections)
{
    struct ot_connections *mine = (struct ot_connections *)(uintptr_t)connections;
    uint64_t open;

    pthread_mutex_lock(&mine->lock);
    open = connections->open;
    pthread_mutex_unlock(&mine->lock);
    return open;
}
