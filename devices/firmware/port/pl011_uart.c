#include "cortex_m.h"
#include "uart.h"
#include BOARD_HEADER

#define DATA TG_REGISTER(BOARD_UART)
#define STATE TG_REGISTER(BOARD_UART + 0x18u)
#define RATE TG_REGISTER(BOARD_UART + 0x24u)
#define RATE_64THS TG_REGISTER(BOARD_UART + 0x28u)
#define LINE TG_REGISTER(BOARD_UART + 0x2Cu)
#define CONTROL TG_REGISTER(BOARD_UART + 0x30u)
#define INTERRUPTS TG_REGISTER(BOARD_UART + 0x38u)
#define CLEAR TG_REGISTER(BOARD_UART + 0x44u)

enum { BUSY = 1 << 3, RECEIVE_EMPTY = 1 << 4, SEND_FULL = 1 << 5 };
enum { EIGHT_BITS_WITH_FIFO = 3 << 5 | 1 << 4, UART_ON = 1 | 1 << 8 | 1 << 9 };
enum { RECEIVE_INTERRUPT = 1 << 4, SEND_INTERRUPT = 1 << 5, RECEIVE_TIMEOUT = 1 << 6, ERRORS = 0xF << 7 };
enum { BAUD = 115200, RATE_IN_64THS = (4 * (uint64_t)BOARD_UART_HZ + BAUD / 2) / BAUD };

/* The rate is taken over when LINE is written. */
void tg_uart_hardware_start(void) {
    CONTROL = 0;
    RATE = RATE_IN_64THS / 64;
    RATE_64THS = RATE_IN_64THS % 64;
    LINE = EIGHT_BITS_WITH_FIFO;
    CLEAR = ERRORS;
    INTERRUPTS = RECEIVE_INTERRUPT | RECEIVE_TIMEOUT;
    CONTROL = UART_ON;
    tg_interrupt_enable(BOARD_UART_IRQ);
}

bool tg_uart_hardware_take(uint8_t *byte) {
    if ((STATE & RECEIVE_EMPTY) != 0)
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

/* Asked for while the FIFO is full; the interrupt comes when it has half emptied. */
void tg_uart_hardware_want_room(bool wanted) {
    if (wanted)
        INTERRUPTS |= SEND_INTERRUPT;
    else
        INTERRUPTS &= ~(uint32_t)SEND_INTERRUPT;
}

bool tg_uart_hardware_idle(void) {
    return (STATE & BUSY) == 0;
}

/* The FIFO's interrupts end as it empties or fills. */
void tg_uart_hardware_acknowledge(void) {
}
