#include "cortex_m.h"
#include BOARD_HEADER

void tg_board_clocks_start(void);

/* The FPGAIO counter counts every clock once its prescaler is 0. */
void tg_board_clocks_start(void) {
    TG_REGISTER(BOARD_FPGAIO + 0x1Cu) = 0;
#ifdef BOARD_HAS_CACHES
    tg_caches_start();
#endif
}
