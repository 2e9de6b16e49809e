/* start.h: the little a bench program needs of its machine. */
#ifndef TG_BENCH_START_H
#define TG_BENCH_START_H
#include <stdint.h>

void bench_print(const char *text);
void bench_print_number(uint32_t number);
_Noreturn void bench_exit(uint32_t failed);

/* 25 MHz: under -icount shift=0 one tick is 40 instructions. */
uint32_t bench_ticks(void);
#endif
