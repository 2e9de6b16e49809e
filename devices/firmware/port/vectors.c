#include <stdint.h>

#include "uart.h"
#include BOARD_HEADER

typedef void (*handler)(void);

extern uint8_t tg_stack_top[];

_Noreturn void tg_reset_handler(void);
_Noreturn void tg_fault_handler(void);
void tg_systick_handler(void);

union vector {
    handler run;
    void *stack;
};

extern const union vector tg_vectors[];

/* The table of the core, then the board's interrupts up to the UART's. None of the others is ever enabled. */
__attribute__((section(".vectors"), used)) const union vector tg_vectors[] = {
    {.stack = tg_stack_top},
    {.run = tg_reset_handler},
    {.run = tg_fault_handler},
    {.run = tg_fault_handler},
    {.run = tg_fault_handler},
    {.run = tg_fault_handler},
    {.run = tg_fault_handler},
    {.run = tg_fault_handler},
    [15] = {.run = tg_systick_handler},
    [16 + BOARD_UART_IRQ] = {.run = tg_uart_handler},
#ifdef BOARD_UART_SEND_IRQ
    [16 + BOARD_UART_SEND_IRQ] = {.run = tg_uart_handler},
#endif
};
