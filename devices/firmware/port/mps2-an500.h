#include "mps2_classic.h"
#define BOARD_NAME "mps2-an500"
#define BOARD_CORE "cortex-m7"
#define BOARD_HAS_CACHES
#define BOARD_STORE_ORIGIN 0x60000000
