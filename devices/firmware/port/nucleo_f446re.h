#include "stm32f4.h"
#define BOARD_NAME "nucleo_f446re"
#define BOARD_FLASH_BYTES 0x80000
#define BOARD_UNIQUE_ID 0x1FFF7A10u
#define BOARD_UNIQUE_ID_BYTES 12
