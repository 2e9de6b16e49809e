/* decimal.h: numbers as text, without stdio. */
#ifndef TG_DECIMAL_H
#define TG_DECIMAL_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { TG_DECIMAL_BYTES = 24 };

/* Writes `value` as printf's %0.3f does (the nearest, and of two the even one) and a NUL; returns the characters.
 * |value| must be below 2^31. */
uint32_t tg_decimal3(float value, char text[TG_DECIMAL_BYTES]);

/* Writes a whole number and a NUL; returns the characters. */
uint32_t tg_decimal(uint32_t number, char text[TG_DECIMAL_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
