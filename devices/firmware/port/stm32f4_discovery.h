/* STM32F407VG. Its 64 KB of core-coupled RAM are not used: the two other boards of this family have none that the
 * firmware could count on. */
#include "stm32f4.h"
#define BOARD_NAME "stm32f4_discovery"
#define BOARD_FLASH_BYTES 0x100000
#define BOARD_UNIQUE_ID 0x1FFF7A10u
#define BOARD_UNIQUE_ID_BYTES 12
