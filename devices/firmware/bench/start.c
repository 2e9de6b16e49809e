/* start.c: from reset to main on QEMU's MPS2 and MPS3 boards, with files and results through semihosting. QEMU loads
 * every section where it belongs. */
#include "start.h"

#include <stddef.h>
#include <string.h>

extern uint32_t bench_stack_top[], bench_bss_start[], bench_bss_end[];

int main(void);
void bench_reset(void);

static uint32_t semihost(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void bench_print(const char *text) {
    (void)semihost(0x04u, text);
}

void bench_print_number(uint32_t number) {
    char digits[11];
    size_t at = sizeof digits - 1u;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10u);
        number /= 10u;
    } while (number);
    bench_print(digits + at);
}

uint32_t bench_open(const char *name, uint32_t mode) {
    uint32_t arguments[3] = {(uint32_t)(uintptr_t)name, mode, (uint32_t)strlen(name)};
    return semihost(0x01u, arguments);
}

uint32_t bench_read(uint32_t file, void *to, uint32_t bytes) {
    uint32_t arguments[3] = {file, (uint32_t)(uintptr_t)to, bytes};
    return bytes - semihost(0x06u, arguments);
}

void bench_write(uint32_t file, const void *from, uint32_t bytes) {
    uint32_t arguments[3] = {file, (uint32_t)(uintptr_t)from, bytes};
    if (bytes && semihost(0x05u, arguments) != 0)
        bench_exit(1);
}

void bench_exit(uint32_t failed) {
    (void)semihost(0x18u, (const void *)(failed ? 0x20023u : 0x20026u));
    for (;;) {
    }
}

/* The FPGAIO block of the boards with an Arm v7-M core; the others run the zoo, which takes no times. */
uint32_t bench_ticks(void) {
    return *(volatile const uint32_t *)0x40028018u;
}

void bench_start_ticks(void) {
    *(volatile uint32_t *)0x4002801cu = 0u;
}

void bench_reset(void) {
    *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20; /* the floating-point unit */
    for (uint32_t *word = bench_bss_start; word < bench_bss_end; word++)
        *word = 0;
    bench_exit((uint32_t)main());
}

static void fault(void) {
    bench_print("fault\n");
    bench_exit(1);
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    bench_stack_top, (void *)bench_reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};
