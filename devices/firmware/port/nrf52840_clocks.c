#include "cortex_m.h"
#include BOARD_HEADER

#define CLOCK 0x40000000u
#define START_CRYSTAL TG_REGISTER(CLOCK)
#define APPROTECT_DISABLE TG_REGISTER(CLOCK + 0x558u)
#define PART TG_REGISTER(0x10000130)
#define REVISION TG_REGISTER(0x10000134)
#define UICR_APPROTECT TG_REGISTER(0x10001208)
#define FLASH_CACHE TG_REGISTER(0x4001E540)
#define PORT0_SET TG_REGISTER(0x50000508)
#define PORT0_PIN(n) TG_REGISTER(0x50000700u + 4u * (n))

enum { CRYSTAL_STARTED = 0x100, NRF52840 = 8, FIRST_LOCKED_REVISION = 5 };
enum { OUTPUT = 1 | 1 << 1, INPUT_PULLED_UP = 3 << 2 };

void tg_board_clocks_start(void);

/* Later revisions close the debug port at reset, whatever the UICR says, until the firmware opens it. */
static void keep_debug_port_as_configured(void) {
    if (PART == NRF52840 && REVISION >= FIRST_LOCKED_REVISION)
        APPROTECT_DISABLE = UICR_APPROTECT;
}

/* The core runs at 64 MHz from the start; the crystal makes that, and the baud rate, exact. Behind the receiving pin
 * the board's J-Link lets go of the line while nobody has opened its port. */
void tg_board_clocks_start(void) {
    keep_debug_port_as_configured();
    FLASH_CACHE = 1;
    START_CRYSTAL = 1;
    (void)tg_wait(CLOCK + CRYSTAL_STARTED, 1, 1);
    PORT0_SET = 1u << BOARD_UART_SEND_PIN;
    PORT0_PIN(BOARD_UART_SEND_PIN) = OUTPUT;
    PORT0_PIN(BOARD_UART_RECEIVE_PIN) = INPUT_PULLED_UP;
}
