/* bytes.h: little-endian numbers at any address; the model's bytes promise no alignment. */
#ifndef TG_BYTES_H
#define TG_BYTES_H
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the engine reads little-endian files in place and needs a little-endian core"
#endif

static inline uint32_t tg_read_u32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline int32_t tg_read_i32(const uint8_t *at) {
    int32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline float tg_read_f32(const uint8_t *at) {
    float value;
    memcpy(&value, at, sizeof value);
    return value;
}
#endif
