/* mps2.h: what the MPS2 and MPS3 boards share: 25 MHz, a CMSDK UART, the FPGAIO counter, room for large samples; a host
 * that starts them in an emulator. */
#define BOARD_MAY_USE_SEMIHOSTING
#define BOARD_UART_SEND_IRQ (BOARD_UART_IRQ + 1)
#define BOARD_CREDITS 16
#define BOARD_REQUEST_BYTES 131072
#define BOARD_REPLY_BYTES 131072
#define BOARD_WINDOW_BYTES 200000
#define BOARD_RING_BYTES 262144
#define BOARD_RECEIVE_BYTES 16384
#define BOARD_STACK_BYTES 65536
