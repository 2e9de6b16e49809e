/* The byte-wise UART, not the UARTE: its FIFO of six bytes and an interrupt a byte keep up with 115200 baud, while DMA
 * would keep a request's last bytes from us until a buffer has filled or a timer has run out. */
#include "cortex_m.h"
#include "uart.h"
#include BOARD_HEADER

#define START_RECEIVING TG_REGISTER(BOARD_UART)
#define START_SENDING TG_REGISTER(BOARD_UART + 0x8u)
#define HAS_RECEIVED TG_REGISTER(BOARD_UART + 0x108u)
#define HAS_SENT TG_REGISTER(BOARD_UART + 0x11Cu)
#define HAS_ERROR TG_REGISTER(BOARD_UART + 0x124u)
#define INTERRUPTS_ON TG_REGISTER(BOARD_UART + 0x304u)
#define INTERRUPTS_OFF TG_REGISTER(BOARD_UART + 0x308u)
#define ERROR_SOURCE TG_REGISTER(BOARD_UART + 0x480u)
#define ENABLE TG_REGISTER(BOARD_UART + 0x500u)
#define SEND_PIN TG_REGISTER(BOARD_UART + 0x50Cu)
#define RECEIVE_PIN TG_REGISTER(BOARD_UART + 0x514u)
#define RECEIVED TG_REGISTER(BOARD_UART + 0x518u)
#define TO_SEND TG_REGISTER(BOARD_UART + 0x51Cu)
#define RATE TG_REGISTER(BOARD_UART + 0x524u)

enum { UART_ON = 4, BAUD_115200 = 0x01D7E000 };
enum { RECEIVE_INTERRUPT = 1 << 2, SEND_INTERRUPT = 1 << 7, ERROR_INTERRUPT = 1 << 9 };

static bool sending; /* a byte was given to the UART, whose HAS_SENT has not been seen since */

void tg_uart_hardware_start(void) {
    SEND_PIN = BOARD_UART_SEND_PIN;
    RECEIVE_PIN = BOARD_UART_RECEIVE_PIN;
    RATE = BAUD_115200;
    ENABLE = UART_ON;
    INTERRUPTS_ON = RECEIVE_INTERRUPT | ERROR_INTERRUPT;
    START_SENDING = 1;
    START_RECEIVING = 1;
    tg_interrupt_enable(BOARD_UART_IRQ);
}

/* The event is cleared first: the read brings up the next byte of the FIFO, and its event. */
bool tg_uart_hardware_take(uint8_t *byte) {
    if (HAS_RECEIVED == 0)
        return false;
    HAS_RECEIVED = 0;
    *byte = (uint8_t)RECEIVED;
    return true;
}

bool tg_uart_hardware_put(uint8_t byte) {
    if (!tg_uart_hardware_idle())
        return false;
    HAS_SENT = 0;
    sending = true;
    TO_SEND = byte;
    return true;
}

void tg_uart_hardware_want_room(bool wanted) {
    if (wanted)
        INTERRUPTS_ON = SEND_INTERRUPT;
    else
        INTERRUPTS_OFF = SEND_INTERRUPT;
}

bool tg_uart_hardware_idle(void) {
    return !sending || HAS_SENT != 0;
}

void tg_uart_hardware_acknowledge(void) {
    if (HAS_ERROR == 0)
        return;
    HAS_ERROR = 0;
    ERROR_SOURCE = ERROR_SOURCE;
}
