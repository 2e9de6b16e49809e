/* semihosting.h: a pair of pipes of the emulator's host as the link. The emulator inherits them as descriptors 10
 * and 11. */
#ifndef TG_SEMIHOSTING_H
#define TG_SEMIHOSTING_H
#include <stdbool.h>
#include <stdint.h>

/* Whether who started the emulator asked for this link, by a word at the end of RAM. Without that, no semihosting call
 * is made: it would stop a real core. */
bool tg_semihosting_wanted(void);
void tg_semihosting_start(void);
uint32_t tg_semihosting_receive(void *context, uint8_t *to,
                                uint32_t room); /* ends the emulator at the end of the pipe */
void tg_semihosting_send(void *context, const uint8_t *bytes, uint32_t length);
#endif
