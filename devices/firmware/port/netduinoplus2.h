/* STM32F405RG: 1 MB of flash, 128 KB of SRAM. Samples of 32x32x3 in float32 fit a frame; two of them fit the ring. */
#define BOARD_NAME "netduinoplus2"
#define BOARD_CORE "cortex-m4f"
#define BOARD_CORE_HZ 168000000
#define BOARD_FLASH_ORIGIN 0x08000000
#define BOARD_FLASH_BYTES 0x100000
#define BOARD_RAM_ORIGIN 0x20000000
#define BOARD_RAM_BYTES 0x20000
#define BOARD_CREDITS 8
#define BOARD_REQUEST_BYTES 12288
#define BOARD_REPLY_BYTES 2560
#define BOARD_WINDOW_BYTES 24800
#define BOARD_RING_BYTES 32768
#define BOARD_RECEIVE_BYTES 2048
#define BOARD_STACK_BYTES 6144
/* What the buffers leave: all to the arena where a model is linked into flash, else shared. */
#ifdef TG_MODEL_LINKED
#define BOARD_MODEL_BYTES 0
#define BOARD_ARENA_BYTES 69632
#else
#define BOARD_MODEL_BYTES 49152
#define BOARD_ARENA_BYTES 20480
#endif
#define BOARD_UART 0x40004400u /* USART2: PA2 sends, PA3 receives */
#define BOARD_UART_IRQ 38
#define BOARD_UART_HZ 42000000 /* APB1 */
#define BOARD_TIMER NULL
#define BOARD_TIMER_HZ 0
