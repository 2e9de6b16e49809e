/* damage.h: how libFuzzer changes a model. Words of a flatbuffer stand at multiples of four, and most of them are small
 * numbers or offsets. */
#ifndef TG_FUZZ_DAMAGE_H
#define TG_FUZZ_DAMAGE_H
#include <stddef.h>
#include <stdint.h>

/* Keeps a model that ran, so that it is damaged again: of those that libFuzzer keeps, most are refused. */
void tg_damage_remember(const uint8_t *model, size_t size);
#endif
