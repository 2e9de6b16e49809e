/* Stands in for cortex_m.h: a port's registers are a table that the host can print. */
#define TG_CORTEX_M_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TG_REGISTER(address) (*tg_register((uint32_t)(address)))

volatile uint32_t *tg_register(uint32_t address);
bool tg_wait(uint32_t address, uint32_t mask, uint32_t value);
void tg_caches_start(void);
void tg_interrupt_enable(uint32_t irq);
