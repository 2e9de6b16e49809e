/* wire.h: the numbers of devices/protocol/SPEC.md, and little-endian access. */
#ifndef TG_WIRE_H
#define TG_WIRE_H
#include <assert.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { TG_VERSION_MAJOR = 1, TG_VERSION_MINOR = 0 };

typedef enum {
    TG_HELLO = 0x01,
    TG_MODEL_BEGIN = 0x02,
    TG_MODEL_CHUNK = 0x03,
    TG_MODEL_END = 0x04,
    TG_INFER = 0x05,
    TG_TRACE = 0x06,
    TG_STATS = 0x07,
    TG_ABORT = 0x08,
    TG_RESET = 0x09,
    TG_ACK = 0x80,
    TG_GREETING = 0x81,
    TG_MODEL_INFO = 0x84,
    TG_RESULT = 0x85,
    TG_TRACE_OPERATOR = 0x86,
    TG_STATS_REPLY = 0x87,
    TG_ERROR = 0xFF,
} tg_message;

/* Codes 1..31 of ERROR, and the one model code that runtime.h leaves to the session. */
enum {
    TG_BAD_FRAME = 1,
    TG_NO_SESSION = 2,
    TG_BAD_TYPE = 3,
    TG_BAD_LENGTH = 4,
    TG_BAD_STATE = 5,
    TG_BAD_RANGE = 6,
    TG_SAMPLE_TOO_LARGE = 39,
};

typedef enum {
    TG_COUNTER_NONE = 0,
    TG_COUNTER_CORE_CYCLES = 1,
    TG_COUNTER_BOARD_TIMER = 2,
    TG_COUNTER_SYSTICK = 3,
} tg_counter;

typedef enum { TG_ORIGIN_NONE = 0, TG_ORIGIN_UPLOADED = 1, TG_ORIGIN_FLASH = 2 } tg_model_origin;

enum {
    TG_HEADER_BYTES = 8,
    TG_CRC_BYTES = 4,
    TG_OVERHEAD_BYTES = TG_HEADER_BYTES + TG_CRC_BYTES,
    TG_SHA256_BYTES = 32,
    TG_GREETING_BYTES = 160,
    TG_MODEL_INFO_BYTES = 20,
    TG_RESULT_HEADER_BYTES = 8,
    TG_TRACE_OPERATOR_BYTES = 16,
    TG_STATS_BYTES = 52,
    TG_ERROR_HEADER_BYTES = 4,
    TG_ERROR_TEXT_BYTES = 95,
    TG_CHUNK_HEADER_BYTES = 8,
};
static_assert(TG_OVERHEAD_BYTES == 12, "SPEC.md, section 1");
static_assert(TG_GREETING_BYTES == 72 + 24 + 4 * 16, "SPEC.md, section 3");
static_assert(TG_STATS_BYTES == 13 * 4, "SPEC.md, section 3");

static inline uint16_t tg_get16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t tg_get32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline void tg_put16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void tg_put32(uint8_t *at, uint32_t value) {
    tg_put16(at, (uint16_t)value);
    tg_put16(at + 2, (uint16_t)(value >> 16));
}

#ifdef __cplusplus
}
#endif
#endif
