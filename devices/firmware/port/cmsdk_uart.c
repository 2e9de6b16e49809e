#include "cortex_m.h"
#include "uart.h"
#include BOARD_HEADER

#define DATA TG_REGISTER(BOARD_UART)
#define STATE TG_REGISTER(BOARD_UART + 0x4u)
#define CONTROL TG_REGISTER(BOARD_UART + 0x8u)
#define INTERRUPTS TG_REGISTER(BOARD_UART + 0xCu)
#define DIVIDER TG_REGISTER(BOARD_UART + 0x10u)

enum { SEND_FULL = 1, RECEIVE_FULL = 2, ENABLE_BOTH = 3, SEND_INTERRUPT = 4, RECEIVE_INTERRUPT = 8, BAUD = 115200 };

void tg_uart_hardware_start(void) {
    DIVIDER = BOARD_CORE_HZ / BAUD;
    CONTROL = ENABLE_BOTH | RECEIVE_INTERRUPT | SEND_INTERRUPT;
    tg_interrupt_enable(BOARD_UART_IRQ);
    tg_interrupt_enable(BOARD_UART_SEND_IRQ);
    (void)DATA; /* what came before is noise; and QEMU holds bytes back that came before, until a read */
}

bool tg_uart_hardware_take(uint8_t *byte) {
    if ((STATE & RECEIVE_FULL) == 0)
        return false;
    *byte = (uint8_t)DATA;
    return true;
}

bool tg_uart_hardware_put(uint8_t byte) {
    if ((STATE & SEND_FULL) != 0)
        return false;
    DATA = byte;
    return true;
}

/* The interrupt comes when the register has emptied, and not while it stands empty: it may stay on. */
void tg_uart_hardware_want_room(bool wanted) {
    (void)wanted;
}

bool tg_uart_hardware_idle(void) {
    return (STATE & SEND_FULL) == 0;
}

void tg_uart_hardware_acknowledge(void) {
    INTERRUPTS = 3;
}
