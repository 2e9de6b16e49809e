#include "cortex_m.h"

#define FLASH 0x52002000u
#define FLASH_ACR TG_REGISTER(FLASH)
#define RCC 0x58024400u
#define RCC_CR TG_REGISTER(RCC)
#define RCC_CFGR TG_REGISTER(RCC + 0x10u)
#define RCC_D1CFGR TG_REGISTER(RCC + 0x18u)
#define RCC_D2CFGR TG_REGISTER(RCC + 0x1Cu)
#define RCC_D3CFGR TG_REGISTER(RCC + 0x20u)
#define RCC_PLLCKSELR TG_REGISTER(RCC + 0x28u)
#define RCC_PLLCFGR TG_REGISTER(RCC + 0x2Cu)
#define RCC_PLL1DIVR TG_REGISTER(RCC + 0x30u)
#define RCC_AHB4ENR TG_REGISTER(RCC + 0xE0u)
#define RCC_APB1LENR TG_REGISTER(RCC + 0xE8u)
#define PWR 0x58024800u
#define PWR_CR3 TG_REGISTER(PWR + 0xCu)
#define PWR_D3CR TG_REGISTER(PWR + 0x18u)
#define GPIOD_MODER TG_REGISTER(0x58020C00)
#define GPIOD_PUPDR TG_REGISTER(0x58020C0C)
#define GPIOD_AFRH TG_REGISTER(0x58020C24)

enum { LDO_ALONE = 2, VOS1 = 3 << 14, VOLTAGE_READY = 1 << 13, PWR_CSR1 = 0x4, PWR_D3CR_AT = 0x18 };
enum { TWO_WAITS_AT_200_MHZ = 2 | 2 << 4, FLASH_ACR_FIELDS = 0x3F };
enum { PLL_FROM_HSI_BY_16 = 16 << 4, PLL_4_TO_8_MHZ = 2 << 2, PLL_P_ON = 1 << 16, PLL_N = 200, PLL_P = 2 };
enum { PLL_ON = 1 << 24, PLL_READY = 1 << 25, PLL_CLOCK = 3, CFGR_AT = 0x10, CLOCK_IN_USE = 7 << 3 };
enum { AHB_BY_2 = 8, APB3_BY_2 = 4 << 4, APB1_BY_2 = 4 << 4, APB2_BY_2 = 4 << 8, APB4_BY_2 = 4 << 4 };
enum { GPIOD_ON = 1 << 3, USART3_ON = 1 << 18, ALTERNATE = 2, PULL_UP = 1, USART_FUNCTION = 7 };

void tg_board_clocks_start(void);

/* The supply is written once a power-on; voltage scale 1 is good for 400 MHz on every revision of the chip. */
static void start_supply(void) {
    PWR_CR3 = LDO_ALONE;
    (void)tg_wait(PWR + PWR_CSR1, VOLTAGE_READY, VOLTAGE_READY);
    PWR_D3CR = VOS1;
    (void)tg_wait(PWR + PWR_D3CR_AT, VOLTAGE_READY, VOLTAGE_READY);
}

/* 64 MHz HSI / 16 * 200 / 2 = 400 MHz; AXI and AHB 200 MHz, APB 100 MHz, the USART's clock. */
static void start_pll(void) {
    FLASH_ACR = TWO_WAITS_AT_200_MHZ;
    (void)tg_wait(FLASH, FLASH_ACR_FIELDS, TWO_WAITS_AT_200_MHZ);
    RCC_PLLCKSELR = PLL_FROM_HSI_BY_16;
    RCC_PLLCFGR = PLL_4_TO_8_MHZ | PLL_P_ON;
    RCC_PLL1DIVR = (PLL_N - 1) | (PLL_P - 1) << 9;
    RCC_D1CFGR = AHB_BY_2 | APB3_BY_2;
    RCC_D2CFGR = APB1_BY_2 | APB2_BY_2;
    RCC_D3CFGR = APB4_BY_2;
    RCC_CR |= PLL_ON;
    if (!tg_wait(RCC, PLL_READY, PLL_READY))
        return;
    RCC_CFGR = PLL_CLOCK;
    (void)tg_wait(RCC + CFGR_AT, CLOCK_IN_USE, PLL_CLOCK << 3);
}

/* PD8 sends, PD9 receives. A pin's mode is analog after reset. */
static void start_pins(void) {
    RCC_AHB4ENR |= GPIOD_ON;
    RCC_APB1LENR |= USART3_ON;
    (void)RCC_APB1LENR; /* a clock needs a moment: the read takes it */
    GPIOD_AFRH = (GPIOD_AFRH & ~0xFFu) | USART_FUNCTION | USART_FUNCTION << 4;
    GPIOD_PUPDR |= PULL_UP << 18;
    GPIOD_MODER = (GPIOD_MODER & ~(15u << 16)) | ALTERNATE << 16 | ALTERNATE << 18;
}

void tg_board_clocks_start(void) {
    start_supply();
    start_pll();
    tg_caches_start();
    start_pins();
}
