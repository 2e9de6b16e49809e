/* uart.h: a UART with an interrupt for each direction. Each *_uart.c and *_usart.c implements the register
 * functions. */
#ifndef TG_UART_H
#define TG_UART_H
#include <stdbool.h>
#include <stdint.h>

/* The link over the UART, for tg_board. `receive` sleeps until bytes have come. */
void tg_uart_start(uint8_t *receive_ring, uint32_t receive_bytes, uint8_t *send_ring, uint32_t send_bytes);
uint32_t tg_uart_receive(void *context, uint8_t *to, uint32_t room);
void tg_uart_send(void *context, const uint8_t *bytes, uint32_t length);
void tg_uart_drain(void); /* until the last byte has left */
uint32_t tg_uart_lost(void);
void tg_uart_handler(void); /* for every interrupt of the UART */

void tg_uart_hardware_start(void);
bool tg_uart_hardware_take(uint8_t *byte);    /* false: none is there */
bool tg_uart_hardware_put(uint8_t byte);      /* false: no room */
void tg_uart_hardware_want_room(bool wanted); /* interrupt when there is room to put */
bool tg_uart_hardware_idle(void);             /* the last byte has left */
void tg_uart_hardware_acknowledge(void);
#endif
