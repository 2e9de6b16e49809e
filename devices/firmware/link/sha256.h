/* sha256.h: SHA-256 of a whole buffer (FIPS 180-4). */
#ifndef TG_SHA256_H
#define TG_SHA256_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the digest of `length` bytes. */
void tg_sha256(const uint8_t *bytes, uint32_t length, uint8_t digest[32]);

#ifdef __cplusplus
}
#endif
#endif
