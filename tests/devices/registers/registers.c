/* registers ADDRESS=VALUE...: runs a port's start with these values after reset (others: 0), and prints each register
 * in the order of its first use with its last value, then the interrupt that was enabled. Every wait succeeds. */
#include "registers.h"

#include <stdio.h>
#include <stdlib.h>

void tg_board_clocks_start(void);
void tg_uart_hardware_start(void);

enum { ROOM = 128 };

static struct {
    uint32_t address;
    volatile uint32_t value;
    bool used;
} registers[ROOM];
static uint32_t count, order[ROOM], used, interrupt;

static uint32_t find(uint32_t address) {
    uint32_t i = 0;
    while (i < count && registers[i].address != address)
        i++;
    if (i == ROOM)
        exit(2);
    if (i == count)
        registers[count++].address = address;
    return i;
}

volatile uint32_t *tg_register(uint32_t address) {
    uint32_t i = find(address);
    if (!registers[i].used)
        order[used++] = i;
    registers[i].used = true;
    return &registers[i].value;
}

bool tg_wait(uint32_t address, uint32_t mask, uint32_t value) {
    (void)address, (void)mask, (void)value;
    return true;
}

void tg_caches_start(void) {
}

void tg_interrupt_enable(uint32_t irq) {
    interrupt = irq;
}

int main(int arguments, char **argument) {
    for (int i = 1; i < arguments; i++) {
        char *end;
        uint32_t address = (uint32_t)strtoul(argument[i], &end, 16);
        registers[find(address)].value = (uint32_t)strtoul(end + 1, NULL, 16);
    }
    tg_board_clocks_start();
    tg_uart_hardware_start();
    for (uint32_t i = 0; i < used; i++)
        printf("%x %x\n", registers[order[i]].address, registers[order[i]].value);
    printf("irq %x\n", interrupt);
    return 0;
}
