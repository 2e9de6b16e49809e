/* start.h: the little a bench program needs of its machine. */
#ifndef TG_BENCH_START_H
#define TG_BENCH_START_H
#include <stdint.h>

void bench_print(const char *text);
void bench_print_number(uint32_t number);
_Noreturn void bench_exit(uint32_t failed);

/* Files of the emulator's host. */
enum { BENCH_READ = 1, BENCH_WRITE = 5 }; /* modes "rb" and "wb" */
uint32_t bench_open(const char *name, uint32_t mode);
uint32_t bench_read(uint32_t file, void *to, uint32_t bytes); /* returns the bytes read */
void bench_write(uint32_t file, const void *from, uint32_t bytes);

/* 25 MHz: under -icount shift=0 one tick is 40 instructions. */
void bench_start_ticks(void);
uint32_t bench_ticks(void);
#endif
