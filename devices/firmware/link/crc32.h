/* crc32.h: CRC-32 of IEEE 802.3, the same as zlib's. */
#ifndef TG_CRC32_H
#define TG_CRC32_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns the CRC-32 of `bytes` behind data whose CRC-32 is `crc`; 0 starts. */
uint32_t tg_crc32(uint32_t crc, const uint8_t *bytes, uint32_t length);

#ifdef __cplusplus
}
#endif
#endif
