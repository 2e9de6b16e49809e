#include "uart.h"

#include "cortex_m.h"
#include "ring.h"

enum { SEND_AT_ONCE = 64 }; /* bytes with interrupts off, in less than a byte takes to arrive */

static tg_ring received, to_send;
static bool last_was_zero;

void tg_uart_start(uint8_t *receive_ring, uint32_t receive_bytes, uint8_t *send_ring, uint32_t send_bytes) {
    received = (tg_ring){.bytes = receive_ring, .mask = receive_bytes - 1};
    to_send = (tg_ring){.bytes = send_ring, .mask = send_bytes - 1};
    tg_uart_hardware_start();
}

/* Attention (SPEC.md, section 1): what waits was sent before it and is dropped, up to its first zero, which ends a
 * partial frame. */
static void drop_waiting(void) {
    if (tg_ring_held(&received) > 1)
        received.taken = received.written - 1;
}

static void keep(uint8_t byte) {
    if (byte == 0 && last_was_zero)
        drop_waiting();
    last_was_zero = byte == 0;
    (void)tg_ring_put(&received, byte);
}

static void push_out(void) {
    while (tg_ring_held(&to_send) > 0 && tg_uart_hardware_put(to_send.bytes[to_send.taken & to_send.mask]))
        to_send.taken++;
    tg_uart_hardware_want_room(tg_ring_held(&to_send) > 0);
}

void tg_uart_handler(void) {
    uint8_t byte;
    tg_uart_hardware_acknowledge();
    while (tg_uart_hardware_take(&byte))
        keep(byte);
    push_out();
}

uint32_t tg_uart_receive(void *context, uint8_t *to, uint32_t room) {
    uint32_t count = 0;
    (void)context;
    tg_interrupts_off();
    while (tg_ring_held(&received) == 0) {
        tg_sleep();
        tg_interrupts_on(); /* the handler runs here */
        tg_interrupts_off();
    }
    while (count < room && tg_ring_held(&received) > 0)
        to[count++] = tg_ring_take(&received);
    tg_interrupts_on();
    return count;
}

void tg_uart_send(void *context, const uint8_t *bytes, uint32_t length) {
    (void)context;
    while (length > 0) {
        tg_interrupts_off();
        for (uint32_t left = SEND_AT_ONCE; left > 0 && length > 0 && tg_ring_held(&to_send) <= to_send.mask; left--) {
            (void)tg_ring_put(&to_send, *bytes++);
            length--;
        }
        push_out();
        tg_interrupts_on();
    }
}

void tg_uart_drain(void) {
    while (tg_ring_held(&to_send) > 0 || !tg_uart_hardware_idle()) {
        tg_interrupts_off();
        push_out();
        tg_interrupts_on();
    }
}

uint32_t tg_uart_lost(void) {
    return received.lost;
}
