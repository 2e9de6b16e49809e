/* stm32f4.h: what boards with 128 KB of SRAM around an STM32F405, F407 or F446 share. Samples of 32x32x3 in float32 fit
 * a frame; two of them fit the ring. */
#define BOARD_CORE "cortex-m4f"
#define BOARD_CORE_HZ 168000000
#define BOARD_FLASH_ORIGIN 0x08000000
#define BOARD_RAM_ORIGIN 0x20000000
#define BOARD_RAM_BYTES 0x20000
#define BOARD_CREDITS 8
#define BOARD_REQUEST_BYTES 12288
#define BOARD_REPLY_BYTES 2560
#define BOARD_WINDOW_BYTES 24800
#define BOARD_RING_BYTES 32768
#define BOARD_RECEIVE_BYTES 512
#define BOARD_STACK_BYTES 6144
/* What the buffers leave: all to the arena where a model is linked into flash, else shared. */
#ifdef TG_MODEL_LINKED
#define BOARD_MODEL_BYTES 0
#define BOARD_ARENA_BYTES 71168
#else
#define BOARD_MODEL_BYTES 49152
#define BOARD_ARENA_BYTES 22016
#endif
#define BOARD_UART 0x40004400u /* USART2: PA2 sends, PA3 receives */
#define BOARD_UART_IRQ 38
#define BOARD_UART_HZ 42000000 /* APB1 */
#define BOARD_TIMER NULL
#define BOARD_TIMER_HZ 0
