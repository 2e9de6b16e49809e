/* No board: code for a Cortex-M0+ on the mps2-an385's Cortex-M3, which faults on an unaligned access as that would. */
#include "mps2_classic.h"
#define BOARD_NAME "cortex-m0plus"
#define BOARD_CORE "cortex-m0plus"
#define BOARD_STORE_ORIGIN 0x21000000
#define BOARD_TRAPS_UNALIGNED
