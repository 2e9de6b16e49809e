#include "cortex_m.h"
#include "uart.h"
#include BOARD_HEADER

enum { RECEIVE_ON = 1 << 2, SEND_ON = 1 << 3, RECEIVE_INTERRUPT = 1 << 5, SEND_INTERRUPT = 1 << 7 };
enum { OVERRUN = 1 << 3, RECEIVE_FULL = 1 << 5, SEND_DONE = 1 << 6, SEND_ROOM = 1 << 7 };
enum { BAUD = 115200 };

#ifdef BOARD_USART_HAS_FIFO /* the STM32H7's */
#define CONTROL1 TG_REGISTER(BOARD_UART)
#define RATE TG_REGISTER(BOARD_UART + 0xCu)
#define STATUS TG_REGISTER(BOARD_UART + 0x1Cu)
#define CLEAR TG_REGISTER(BOARD_UART + 0x20u)
#define RECEIVED TG_REGISTER(BOARD_UART + 0x24u)
#define TO_SEND TG_REGISTER(BOARD_UART + 0x28u)
enum { USART_ON = 1, MODE = 1 << 29, ERRORS = 0xF };
#else /* the STM32F4's */
#define STATUS TG_REGISTER(BOARD_UART)
#define RECEIVED TG_REGISTER(BOARD_UART + 0x4u)
#define TO_SEND RECEIVED
#define RATE TG_REGISTER(BOARD_UART + 0x8u)
#define CONTROL1 TG_REGISTER(BOARD_UART + 0xCu)
enum { USART_ON = 1 << 13, MODE = 0 };
#endif

void tg_uart_hardware_start(void) {
    RATE = (BOARD_UART_HZ + BAUD / 2) / BAUD;
    CONTROL1 = MODE; /* the FIFO is chosen while the USART is off */
    CONTROL1 = MODE | USART_ON | SEND_ON | RECEIVE_ON | RECEIVE_INTERRUPT;
    tg_interrupt_enable(BOARD_UART_IRQ);
    (void)RECEIVED; /* what came before is noise; and QEMU holds bytes back that came before, until a read */
}

bool tg_uart_hardware_take(uint8_t *byte) {
    if ((STATUS & RECEIVE_FULL) == 0)
        return false;
    *byte = (uint8_t)RECEIVED;
    return true;
}

bool tg_uart_hardware_put(uint8_t byte) {
    if ((STATUS & SEND_ROOM) == 0)
        return false;
    TO_SEND = byte;
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

/* An overrun interrupts until it is cleared, also where no byte is left to take. The STM32F4 clears it when STATUS and
 * then RECEIVED are read. */
void tg_uart_hardware_acknowledge(void) {
#ifdef BOARD_USART_HAS_FIFO
    CLEAR = ERRORS;
#else
    if ((STATUS & (OVERRUN | RECEIVE_FULL)) == OVERRUN)
        (void)RECEIVED;
#endif
}
