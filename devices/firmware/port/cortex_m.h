/* cortex_m.h: what every Cortex-M has: interrupts, sleep, reset, counters, a painted stack. */
#ifndef TG_CORTEX_M_H
#define TG_CORTEX_M_H
#include <stdbool.h>
#include <stdint.h>

#include "board.h"

#define TG_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

typedef struct {
    uint8_t kind; /* tg_counter */
    uint32_t hz;
    volatile uint32_t *up; /* a free-running counter; NULL: SysTick */
    uint32_t last;
    uint64_t wraps; /* what to add to the counter */
} tg_tick_source;

/* DWT CYCCNT if it moves, else the board's timer if it has one and that moves, else SysTick. */
void tg_ticks_start(tg_tick_source *source, uint32_t core_hz, volatile uint32_t *timer, uint32_t timer_hz);

/* Ticks since some moment. A 32-bit counter is followed over its wrap if this is called once a wrap at least. */
uint64_t tg_ticks_now(tg_tick_source *source);

/* Waits, not for ever, until the masked bits of a register have this value, and returns whether they have. An emulator
 * that lacks a clock unit never gets there. */
bool tg_wait(uint32_t address, uint32_t mask, uint32_t value);

void tg_caches_start(void); /* of a Cortex-M7, both */
void tg_interrupt_enable(uint32_t irq);
void tg_interrupts_off(void);
void tg_interrupts_on(void);
void tg_sleep(void); /* until an interrupt is pending, masked or not */
_Noreturn void tg_chip_reset(void);

/* Stack, flash and RAM figures from the linker and the paint. */
void tg_memory_usage(tg_usage *usage);
#endif
