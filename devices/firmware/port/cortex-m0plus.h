#include "mps2_classic.h"
#define BOARD_NAME "cortex-m0plus"
#define BOARD_CORE "cortex-m0plus"
#define BOARD_STORE_ORIGIN 0x21000000
