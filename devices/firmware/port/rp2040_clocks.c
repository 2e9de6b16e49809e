#include "cortex_m.h"

#define RESETS 0x4000C000u
#define RESETS_RESET TG_REGISTER(RESETS)
#define XOSC 0x40024000u
#define XOSC_CTRL TG_REGISTER(XOSC)
#define XOSC_STARTUP TG_REGISTER(XOSC + 0xCu)
#define PLL_SYS 0x40028000u
#define PLL_CS TG_REGISTER(PLL_SYS)
#define PLL_PWR TG_REGISTER(PLL_SYS + 0x4u)
#define PLL_FBDIV TG_REGISTER(PLL_SYS + 0x8u)
#define PLL_PRIM TG_REGISTER(PLL_SYS + 0xCu)
#define CLOCKS 0x40008000u
#define CLK_REF_CTRL TG_REGISTER(CLOCKS + 0x30u)
#define CLK_SYS_CTRL TG_REGISTER(CLOCKS + 0x3Cu)
#define CLK_PERI_CTRL TG_REGISTER(CLOCKS + 0x48u)
#define GPIO_FUNCTION(n) TG_REGISTER(0x40014004u + 8u * (n))
#define GPIO_PAD(n) TG_REGISTER(0x4001C004u + 4u * (n))

enum { RESET_DONE = 0x8, RESET_IO = 1 << 5, RESET_PADS = 1 << 8, RESET_PLL = 1 << 12, RESET_UART = 1 << 22 };
enum { XOSC_STATUS = 0x4, XOSC_ON = 0xFAB << 12 | 0xAA0, XOSC_A_MILLISECOND = 12000 / 256 + 1 };
enum { CLK_REF_IN_USE = 0x38, CLK_SYS_IN_USE = 0x44, CLK_REF_IS_XOSC = 2, CLK_SYS_IS_PLL = 1, CLK_PERI_ON = 1 << 11 };
enum { PLL_FRACTION_OFF = 1 << 2, PLL_DIVIDERS_OFF = 1 << 3, PLL_POSTDIV = 6 << 16 | 2 << 12 };
enum { UART_FUNCTION = 2, PAD_INPUT_PULLED_UP = 1 << 6 | 1 << 3 | 1 << 1 };
#define READY (1u << 31)

void tg_board_clocks_start(void);

static void leave_reset(uint32_t blocks) {
    RESETS_RESET &= ~blocks;
    (void)tg_wait(RESETS + RESET_DONE, blocks, blocks);
}

/* A debugger's reset leaves the clocks as they were: the core leaves the PLL before that is touched. */
static void run_from_crystal(void) {
    XOSC_STARTUP = XOSC_A_MILLISECOND;
    XOSC_CTRL = XOSC_ON;
    (void)tg_wait(XOSC + XOSC_STATUS, READY, READY);
    CLK_REF_CTRL = CLK_REF_IS_XOSC;
    (void)tg_wait(CLOCKS + CLK_REF_IN_USE, 1u << CLK_REF_IS_XOSC, 1u << CLK_REF_IS_XOSC);
    CLK_SYS_CTRL &= ~(uint32_t)CLK_SYS_IS_PLL;
    (void)tg_wait(CLOCKS + CLK_SYS_IN_USE, 1, 1);
}

/* 12 MHz * 125 / 6 / 2 = 125 MHz. */
static void start_pll(void) {
    RESETS_RESET |= RESET_PLL;
    leave_reset(RESET_PLL);
    PLL_CS = 1;
    PLL_FBDIV = 125;
    PLL_PWR = PLL_FRACTION_OFF | PLL_DIVIDERS_OFF;
    (void)tg_wait(PLL_SYS, READY, READY);
    PLL_PRIM = PLL_POSTDIV;
    PLL_PWR = PLL_FRACTION_OFF;
}

static void run_from_pll(void) {
    CLK_SYS_CTRL = 0; /* the PLL is the first of the auxiliary clocks */
    CLK_SYS_CTRL = CLK_SYS_IS_PLL;
    (void)tg_wait(CLOCKS + CLK_SYS_IN_USE, 1u << CLK_SYS_IS_PLL, 1u << CLK_SYS_IS_PLL);
    CLK_PERI_CTRL = CLK_PERI_ON;
}

/* GP0 sends, GP1 receives; a pad pulls down after reset, which an open line would make a break. */
void tg_board_clocks_start(void) {
    run_from_crystal();
    start_pll();
    run_from_pll();
    leave_reset(RESET_IO | RESET_PADS | RESET_UART);
    GPIO_PAD(1) = PAD_INPUT_PULLED_UP;
    GPIO_FUNCTION(0) = UART_FUNCTION;
    GPIO_FUNCTION(1) = UART_FUNCTION;
}
