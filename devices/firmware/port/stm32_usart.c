#include "cortex_m.h"
#include "uart.h"
#include BOARD_HEADER

#define STATUS TG_REGISTER(BOARD_UART)
#define DATA TG_REGISTER(BOARD_UART + 0x4u)
#define RATE TG_REGISTER(BOARD_UART + 0x8u)
#define CONTROL1 TG_REGISTER(BOARD_UART + 0xCu)

enum { RECEIVE_FULL = 1 << 5, SEND_DONE = 1 << 6, SEND_ROOM = 1 << 7 };
enum { RECEIVE_ON = 1 << 2, SEND_ON = 1 << 3, RECEIVE_INTERRUPT = 1 << 5, SEND_INTERRUPT = 1 << 7, USART_ON = 1 << 13 };
enum { BAUD = 115200 };

void tg_uart_hardware_start(void) {
    RATE = (BOARD_UART_HZ + BAUD / 2) / BAUD;
    CONTROL1 = USART_ON | SEND_ON | RECEIVE_ON | RECEIVE_INTERRUPT;
    tg_interrupt_enable(BOARD_UART_IRQ);
    (void)DATA; /* what came before is noise; and QEMU holds bytes back that came before, until a read */
}

bool tg_uart_hardware_take(uint8_t *byte) {
    if ((STATUS & RECEIVE_FULL) == 0)
        return false;
    *byte = (uint8_t)DATA;
    return true;
}

bool tg_uart_hardware_put(uint8_t byte) {
    if ((STATUS & SEND_ROOM) == 0)
        return false;
    DATA = byte;
    return true;
}

void tg_uart_hardware_want_room(bool wanted) {
    if (wanted)
        CONTROL1 |= SEND_INTERRUPT;
    else
        CONTROL1 &= ~(uint32_t)SEND_INTERRUPT;
}

bool tg_uart_hardware_idle(void) {
    return (STATUS & SEND_DONE) != 0;
}

/* Reading STATUS and then DATA acknowledges, an overrun too. */
void tg_uart_hardware_acknowledge(void) {
}
