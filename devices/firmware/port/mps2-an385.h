#include "mps2_classic.h"
#define BOARD_NAME "mps2-an385"
#define BOARD_CORE "cortex-m3"
#define BOARD_STORE_ORIGIN 0x21000000
