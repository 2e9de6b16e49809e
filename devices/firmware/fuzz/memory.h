/* memory.h: memory of an exact size, so that a sanitizer sees the first byte beyond, and the end of a failed run. */
#ifndef TG_FUZZ_MEMORY_H
#define TG_FUZZ_MEMORY_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline uint8_t *tg_exactly(uint32_t bytes) {
    uint8_t *memory = malloc(bytes > 0 ? bytes : 1u);
    if (memory == NULL)
        abort();
    return memory;
}

static inline uint8_t *tg_copy(const uint8_t *bytes, uint32_t length) {
    uint8_t *copy = tg_exactly(length);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

/* Ends the run as a finding where a claim does not hold. */
#define TG_CLAIM(holds, text)                                                                                          \
    do {                                                                                                               \
        if (!(holds)) {                                                                                                \
            fprintf(stderr, "broken claim: %s\n", text);                                                               \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)
#endif
