/* STM32F405RG. QEMU's has no unique id: reading it would be a fault. */
#include "stm32f4.h"
#define BOARD_NAME "netduinoplus2"
#define BOARD_FLASH_BYTES 0x100000
#define BOARD_MAY_USE_SEMIHOSTING
