/* ring.h: bytes between an interrupt and the main loop, one writer and one reader. The size is a power of two. */
#ifndef TG_RING_H
#define TG_RING_H
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint8_t *bytes;
    uint32_t mask;
    volatile uint32_t written, taken; /* running counts; their difference is what the ring holds */
    volatile uint32_t lost;
} tg_ring;

static inline uint32_t tg_ring_held(const tg_ring *ring) {
    return ring->written - ring->taken;
}

static inline bool tg_ring_put(tg_ring *ring, uint8_t byte) {
    uint32_t written = ring->written;
    if (written - ring->taken > ring->mask) {
        ring->lost++;
        return false;
    }
    ring->bytes[written & ring->mask] = byte;
    ring->written = written + 1;
    return true;
}

static inline uint8_t tg_ring_take(tg_ring *ring) {
    uint32_t taken = ring->taken;
    uint8_t byte = ring->bytes[taken & ring->mask];
    ring->taken = taken + 1;
    return byte;
}
#endif
