#include "cortex_m.h"

#define CCR TG_REGISTER(0xE000ED14)
#define CCSIDR TG_REGISTER(0xE000ED80)
#define CSSELR TG_REGISTER(0xE000ED84)
#define ICIALLU TG_REGISTER(0xE000EF50)
#define DCISW TG_REGISTER(0xE000EF60)

enum { DATA_CACHE = 1 << 16, INSTRUCTION_CACHE = 1 << 17 };

static void barrier(void) {
    __asm volatile("dsb\n isb" ::: "memory");
}

/* Lines of 32 bytes, at most four ways. */
static void invalidate_data(void) {
    CSSELR = 0;
    barrier();
    uint32_t size = CCSIDR, sets = (size >> 13 & 0x7FFFu) + 1, ways = (size >> 3 & 0x3FFu) + 1;
    for (uint32_t set = 0; set < sets; set++)
        for (uint32_t way = 0; way < ways; way++)
            DCISW = way << 30 | set << 5;
    barrier();
}

/* Nothing but the core reads or writes memory here, so its caches need no upkeep. */
void tg_caches_start(void) {
    barrier();
    ICIALLU = 0;
    barrier();
    CCR |= INSTRUCTION_CACHE;
    barrier();
    if ((CCR & DATA_CACHE) == 0) {
        invalidate_data();
        CCR |= DATA_CACHE;
    }
    barrier();
}
