#include "mps2_classic.h"
#define BOARD_NAME "mps2-an386"
#define BOARD_CORE "cortex-m4f"
#define BOARD_STORE_ORIGIN 0x21000000
