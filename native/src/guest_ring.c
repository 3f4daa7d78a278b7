#define _GNU_SOURCE
#include "guest_process.h"

#include <string.h>
#include <sys/mman.h>

enum { RING_MIN = 4096 };

static uint8_t *map(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

size_t ring_used(const struct ring *ring) {
    return (size_t) (ring->head - ring->tail);
}

static int parts_of(const struct ring *ring, uint64_t from, size_t length, struct iovec part[2]) {
    size_t at = (size_t) (from & (ring->size - 1));
    size_t first = ring->size - at < length ? ring->size - at : length;
    part[0] = (struct iovec) {ring->base + at, first};
    part[1] = (struct iovec) {ring->base, length - first};
    return length == 0 ? 0 : length == first ? 1 : 2;
}

int ring_view(const struct ring *ring, uint64_t from, size_t max, struct iovec part[2]) {
    size_t length = (size_t) (ring->head - from);
    if (ring->base == NULL || length == 0) {
        return 0;
    }
    return parts_of(ring, from, length < max ? length : max, part);
}

int ring_space(struct ring *ring, size_t size, struct iovec part[2]) {
    if (ring->base == NULL) {
        ring->base = map(size);
        if (ring->base == NULL) {
            return 0;
        }
        ring->size = size;
    }
    return parts_of(ring, ring->head, ring->size - ring_used(ring), part);
}

static void unmap(struct ring *ring) {
    if (ring->base != NULL) {
        munmap(ring->base, ring->size);
        ring->base = NULL;
        ring->size = 0;
    }
}

void ring_release(struct ring *ring, uint64_t bytes) {
    ring->tail += bytes;
    if (ring->tail == ring->head) {
        unmap(ring);
    }
}

static bool resize(struct ring *ring, size_t size) {
    struct ring other = {map(size), size, ring->tail, ring->head};
    if (other.base == NULL) {
        return false;
    }
    struct iovec from[2], to[2];
    size_t done = 0, used = ring_used(ring);
    while (done < used) {
        ring_view(ring, ring->tail + done, used - done, from);
        parts_of(&other, ring->tail + done, used - done, to);
        size_t count = from[0].iov_len < to[0].iov_len ? from[0].iov_len : to[0].iov_len;
        memcpy(to[0].iov_base, from[0].iov_base, count);
        done += count;
    }
    unmap(ring);
    *ring = other;
    return true;
}

void ring_shrink(struct ring *ring) {
    size_t used = ring_used(ring);
    if (used == 0) {
        unmap(ring);
        return;
    }
    size_t size = RING_MIN;
    while (size < used) {
        size *= 2;
    }
    if (size < ring->size) {
        resize(ring, size); // without memory for it the large one stays
    }
}

bool ring_append(struct ring *ring, const uint8_t *bytes, size_t length, size_t max) {
    if (length == 0) {
        return true;
    }
    size_t need = ring_used(ring) + length;
    if (need > max) {
        return false;
    }
    size_t size = ring->size > WINDOW_PROCESS ? ring->size : WINDOW_PROCESS;
    while (size < need) {
        size *= 2;
    }
    if (ring->base != NULL && size > ring->size && !resize(ring, size)) {
        return false;
    }
    struct iovec part[2];
    if (ring_space(ring, size, part) == 0) {
        return false;
    }
    size_t first = part[0].iov_len < length ? part[0].iov_len : length;
    memcpy(part[0].iov_base, bytes, first);
    if (length > first) {
        memcpy(part[1].iov_base, bytes + first, length - first);
    }
    ring->head += length;
    return true;
}
