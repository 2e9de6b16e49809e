#include <stdbool.h>

#include "cortex_m.h"

#define RCC_CR TG_REGISTER(0x40023800)
#define RCC_PLLCFGR TG_REGISTER(0x40023804)
#define RCC_CFGR TG_REGISTER(0x40023808)
#define RCC_AHB1ENR TG_REGISTER(0x40023830)
#define RCC_APB1ENR TG_REGISTER(0x40023840)
#define FLASH_ACR TG_REGISTER(0x40023C00)
#define GPIOA_MODER TG_REGISTER(0x40020000)
#define GPIOA_AFRL TG_REGISTER(0x40020020)

enum { PLL_ON = 1 << 24, PLL_READY = 1 << 25, PLL_CLOCK = 2, WAIT_LOOPS = 100000 };
enum { FLASH_WAITS_AND_CACHES = 5 | 7 << 8 };
enum { PLL_M = 16, PLL_N = 336, PLL_P2 = 0, PLL_Q = 7, APB1_BY_4 = 5 << 10, APB2_BY_2 = 4 << 13 };
enum { GPIOA_ON = 1, USART2_ON = 1 << 17, ALTERNATE = 2, USART_FUNCTION = 7 };

void tg_board_clocks_start(void);

/* 16 MHz HSI / 16 * 336 / 2 = 168 MHz; APB1 42 MHz. An emulator without the clock unit never reports ready and runs at
 * 168 MHz anyway. */
static void start_pll(void) {
    FLASH_ACR = FLASH_WAITS_AND_CACHES;
    RCC_PLLCFGR = PLL_M | PLL_N << 6 | PLL_P2 << 16 | PLL_Q << 24;
    RCC_CR |= PLL_ON;
    for (uint32_t i = 0; i < WAIT_LOOPS && (RCC_CR & PLL_READY) == 0; i++)
        ;
    RCC_CFGR = APB1_BY_4 | APB2_BY_2;
    if ((RCC_CR & PLL_READY) != 0)
        RCC_CFGR |= PLL_CLOCK;
}

void tg_board_clocks_start(void) {
    start_pll();
    RCC_AHB1ENR |= GPIOA_ON;
    RCC_APB1ENR |= USART2_ON;
    GPIOA_MODER |= ALTERNATE << 4 | ALTERNATE << 6;
    GPIOA_AFRL |= USART_FUNCTION << 8 | USART_FUNCTION << 12;
}
