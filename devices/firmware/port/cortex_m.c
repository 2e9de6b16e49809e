#include "cortex_m.h"

#include <stddef.h>
#include <string.h>

#include "wire.h"
#include BOARD_HEADER

#define SYSTICK_CTRL TG_REGISTER(0xE000E010)
#define SYSTICK_LOAD TG_REGISTER(0xE000E014)
#define SYSTICK_VALUE TG_REGISTER(0xE000E018)
#define NVIC_ENABLE(n) TG_REGISTER(0xE000E100u + 4u * (n))
#define ICSR TG_REGISTER(0xE000ED04)
#define VTOR TG_REGISTER(0xE000ED08)
#define AIRCR TG_REGISTER(0xE000ED0C)
#define CCR TG_REGISTER(0xE000ED14)
#define CPACR TG_REGISTER(0xE000ED88)
#define DEMCR TG_REGISTER(0xE000EDFC)
#define DWT_CTRL TG_REGISTER(0xE0001000)
#define DWT_CYCCNT 0xE0001004u
#define DWT_LOCK TG_REGISTER(0xE0001FB0)

enum { SYSTICK_PERIOD = 1 << 24, SYSTICK_PENDING = 1 << 26, STACK_PAINT = 0x5A, BELOW_FRAME_BYTES = 256 };
enum { WAIT_LOOPS = 100000, TRAP_UNALIGNED = 1 << 3 };
#define DWT_KEY 0xC5ACCE55u

extern uint8_t tg_stack_bottom[], tg_stack_top[], tg_data_start[], tg_data_end[], tg_bss_start[], tg_bss_end[];
extern uint8_t tg_flash_start[], tg_flash_end[], tg_ram_start[], tg_ram_end[], tg_store_start[], tg_store_end[];
extern const uint8_t tg_data_image[];
extern const uint32_t tg_vectors[];
extern void (*const tg_initializers[])(void), (*const tg_initializers_end[])(void); /* C++: static constructors */

int main(void);

static volatile uint32_t systick_periods;

void tg_systick_handler(void);
_Noreturn void tg_reset_handler(void);
_Noreturn void tg_fault_handler(void);

void tg_systick_handler(void) {
    systick_periods++;
}

/* A fault starts the firmware anew; the host learns of it by NO_SESSION. */
_Noreturn void tg_fault_handler(void) {
    tg_chip_reset();
}

static void enable_float(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    CPACR |= 0xFu << 20;
    __asm volatile("dsb\n isb" ::: "memory");
#endif
}

_Noreturn void tg_reset_handler(void) {
    uint8_t here;
    memset(tg_stack_bottom, STACK_PAINT, (uint32_t)(&here - tg_stack_bottom) - BELOW_FRAME_BYTES);
    memcpy(tg_data_start, tg_data_image, (uint32_t)(tg_data_end - tg_data_start));
    memset(tg_bss_start, 0, (uint32_t)(tg_bss_end - tg_bss_start));
    enable_float();
#ifdef BOARD_TRAPS_UNALIGNED
    CCR |= TRAP_UNALIGNED;
#endif
    VTOR = (uint32_t)(uintptr_t)tg_vectors;
    for (void (*const *run)(void) = tg_initializers; run < tg_initializers_end; run++)
        (*run)();
    (void)main();
    tg_chip_reset();
}

static bool moves(volatile uint32_t *counter) {
    uint32_t before = *counter;
    for (uint32_t i = 0; i < 1000; i++)
        if (*counter != before)
            return true;
    return false;
}

static bool start_dwt(void) {
#if defined(__ARM_ARCH_6M__)
    return false;
#else
    DEMCR |= 1u << 24;
#if defined(__ARM_ARCH_7EM__)
    DWT_LOCK = DWT_KEY; /* a Cortex-M7's stands still without */
#endif
    DWT_CTRL |= 1u;
    return moves(&TG_REGISTER(DWT_CYCCNT));
#endif
}

static void start_systick(void) {
    SYSTICK_LOAD = SYSTICK_PERIOD - 1;
    SYSTICK_VALUE = 0;
    SYSTICK_CTRL = 7; /* core clock, interrupt, on */
}

void tg_ticks_start(tg_tick_source *source, uint32_t core_hz, volatile uint32_t *timer, uint32_t timer_hz) {
    if (start_dwt()) {
        *source = (tg_tick_source){TG_COUNTER_CORE_CYCLES, core_hz, &TG_REGISTER(DWT_CYCCNT), 0, 0};
    } else if (timer != NULL && moves(timer)) {
        *source = (tg_tick_source){TG_COUNTER_BOARD_TIMER, timer_hz, timer, 0, 0};
    } else {
        start_systick();
        *source = (tg_tick_source){TG_COUNTER_SYSTICK, core_hz, NULL, 0, 0};
    }
}

/* Interrupts are off, so a period that ended is seen as pending and counted here. */
static uint64_t systick_now(void) {
    tg_interrupts_off();
    uint32_t value = SYSTICK_VALUE, periods = systick_periods;
    if ((ICSR & SYSTICK_PENDING) != 0) {
        value = SYSTICK_VALUE;
        periods++;
    }
    tg_interrupts_on();
    return (uint64_t)periods * SYSTICK_PERIOD + (SYSTICK_PERIOD - 1u - value);
}

uint64_t tg_ticks_now(tg_tick_source *source) {
    if (source->up == NULL)
        return systick_now();
    uint32_t now = *source->up;
    if (now < source->last)
        source->wraps += (uint64_t)1 << 32;
    source->last = now;
    return source->wraps + now;
}

bool tg_wait(uint32_t address, uint32_t mask, uint32_t value) {
    for (uint32_t i = 0; i < WAIT_LOOPS; i++)
        if ((TG_REGISTER(address) & mask) == value)
            return true;
    return false;
}

void tg_interrupt_enable(uint32_t irq) {
    NVIC_ENABLE(irq / 32u) = 1u << irq % 32u;
}

void tg_interrupts_off(void) {
    __asm volatile("cpsid i" ::: "memory");
}

void tg_interrupts_on(void) {
    __asm volatile("cpsie i" ::: "memory");
}

void tg_sleep(void) {
    __asm volatile("dsb\n wfi" ::: "memory");
}

_Noreturn void tg_chip_reset(void) {
    __asm volatile("dsb" ::: "memory");
#ifdef BOARD_RESET
    BOARD_RESET;
#endif
    AIRCR = 0x05FA0004;
    for (;;)
        __asm volatile("dsb" ::: "memory");
}

static uint32_t stack_used(void) {
    const uint8_t *at = tg_stack_bottom;
    while (at < tg_stack_top && *at == STACK_PAINT)
        at++;
    return (uint32_t)(tg_stack_top - at);
}

void tg_memory_usage(tg_usage *usage) {
    usage->stack_bytes = (uint32_t)(tg_stack_top - tg_stack_bottom);
    usage->stack_used = stack_used();
    usage->flash_bytes = (uint32_t)(tg_flash_end - tg_flash_start);
    usage->ram_bytes = (uint32_t)(tg_ram_end - tg_ram_start) + (uint32_t)(tg_store_end - tg_store_start);
}
