/* RP2040: 2 MB of serial flash behind a cache of 16 KB, 264 KB of RAM. The engine runs from RAM, so that its counts do
 * not depend on what the cache holds. The chip has no unique id; its flash has one, out of reach while the core runs
 * from it. */
#define BOARD_NAME "rpi_pico"
#define BOARD_CORE "cortex-m0plus"
#define BOARD_CORE_HZ 125000000
#define BOARD_BOOT_ORIGIN 0x10000000
#define BOARD_BOOT_BYTES 0x100
#define BOARD_FLASH_ORIGIN 0x10000100
#define BOARD_FLASH_BYTES 0x1FFF00
#define BOARD_RAM_ORIGIN 0x20000000
#define BOARD_RAM_BYTES 0x42000
#define BOARD_ENGINE_IN_RAM
#define BOARD_CREDITS 8
#define BOARD_REQUEST_BYTES 12288
#define BOARD_REPLY_BYTES 2560
#define BOARD_WINDOW_BYTES 24800
#define BOARD_RING_BYTES 32768
#define BOARD_RECEIVE_BYTES 512
#define BOARD_STACK_BYTES 6144
#ifdef TG_MODEL_LINKED
#define BOARD_MODEL_BYTES 0
#define BOARD_ARENA_BYTES 163840
#else
#define BOARD_MODEL_BYTES 106496
#define BOARD_ARENA_BYTES 57344
#endif
#define BOARD_UART 0x40034000u /* UART0: GP0 sends, GP1 receives */
#define BOARD_UART_IRQ 20
#define BOARD_UART_HZ 125000000
#define BOARD_TIMER NULL
#define BOARD_TIMER_HZ 0
/* The core's own reset would leave the other blocks as they are; the watchdog's takes them all along. */
#define BOARD_RESET (TG_REGISTER(0x40010008) = 0x1FFFF, TG_REGISTER(0x40058000) = 1u << 31)
