/* crc32.h: CRC-32 (IEEE 802.3, as zlib computes it) of a whole buffer. */
#ifndef TG_ENGINE_CRC32_H
#define TG_ENGINE_CRC32_H
#include <stdint.h>

uint32_t tg_engine_crc32(const uint8_t *bytes, uint32_t count);
#endif
