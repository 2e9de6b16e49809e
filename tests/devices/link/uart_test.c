/* The UART link of port/uart.c against a UART of this file: reception while nobody reads, attention, overflow, sending.
 */
#include "uart.h"

#include <stdio.h>
#include <string.h>

#include "cortex_m.h"

enum { RECEIVE_RING = 16, SEND_RING = 8 };

static uint8_t receive_ring[RECEIVE_RING], send_ring[SEND_RING];
static const char *arriving;          /* what the line brings, byte by byte */
static uint32_t arriving_bytes, room; /* room: how many bytes the hardware still takes */
static uint8_t sent[64];
static uint32_t sent_bytes;
static bool room_wanted;
static int failures, checks;

static void check(bool holds, const char *what) {
    checks++;
    if (!holds) {
        failures++;
        fprintf(stderr, "%s\n", what);
    }
}

void tg_interrupts_off(void) {
}

void tg_interrupts_on(void) {
}

void tg_sleep(void) {
    tg_uart_handler();
}

void tg_uart_hardware_start(void) {
}

bool tg_uart_hardware_take(uint8_t *byte) {
    if (arriving_bytes == 0)
        return false;
    *byte = (uint8_t)*arriving++;
    arriving_bytes--;
    return true;
}

bool tg_uart_hardware_put(uint8_t byte) {
    if (room == 0) {
        room = 3; /* a little comes free until the next try */
        return false;
    }
    room--;
    sent[sent_bytes++] = byte;
    return true;
}

void tg_uart_hardware_want_room(bool wanted) {
    room_wanted = wanted;
}

bool tg_uart_hardware_idle(void) {
    return true;
}

void tg_uart_hardware_acknowledge(void) {
}

static void arrive(const char *bytes, uint32_t length) {
    arriving = bytes;
    arriving_bytes = length;
    tg_uart_handler();
}

static bool receives(const char *bytes, uint32_t length) {
    uint8_t got[64];
    uint32_t count = 0;
    while (count < length) {
        uint32_t part = tg_uart_receive(NULL, got + count, (uint32_t)sizeof got - count);
        if (part == 0)
            return false;
        count += part;
    }
    return count == length && memcmp(got, bytes, length) == 0;
}

static void test_receive(void) {
    for (int i = 0; i < 10; i++) { /* several times round the ring */
        arrive("frame one\0", 10);
        check(receives("frame one\0", 10), "bytes come in order, over the ring's end");
    }
    arriving = "late";
    arriving_bytes = 4;
    check(receives("late", 4), "receive sleeps until bytes come");
}

static void test_attention(void) {
    arrive("old\0ol", 6);
    arrive("d\0", 2);
    arrive("\0new\0", 5);
    check(receives("\0\0new\0", 6), "attention drops what waits, up to its first zero");
    arrive("a\0b\0", 4);
    check(receives("a\0b\0", 4), "single zeros drop nothing");
}

static void test_overflow(void) {
    uint32_t before = tg_uart_lost();
    arrive("0123456789abcdefXYZ", 19);
    check(tg_uart_lost() - before == 3, "bytes without room are counted");
    arrive("\0\0after\0", 8); /* its first zero finds no room; its second makes some */
    check(tg_uart_lost() - before == 4, "a zero without room is counted too");
    check(receives("f\0after\0", 8), "attention makes room");
}

static void test_send(void) {
    sent_bytes = 0;
    room = 2;
    tg_uart_send(NULL, (const uint8_t *)"a reply longer than the ring", 28);
    tg_uart_drain();
    check(sent_bytes == 28 && memcmp(sent, "a reply longer than the ring", 28) == 0, "all bytes leave in order");
    check(!room_wanted, "no interrupt is asked for when nothing waits");
}

int main(void) {
    tg_uart_start(receive_ring, RECEIVE_RING, send_ring, SEND_RING);
    test_receive();
    test_attention();
    test_overflow();
    test_send();
    printf("%d checks, %d failures\n", checks, failures);
    return failures > 0;
}
