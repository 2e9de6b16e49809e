#include "cortex_m.h"

#define RCC 0x40023800u
#define RCC_CR TG_REGISTER(RCC)
#define RCC_PLLCFGR TG_REGISTER(RCC + 0x4u)
#define RCC_CFGR TG_REGISTER(RCC + 0x8u)
#define RCC_AHB1ENR TG_REGISTER(RCC + 0x30u)
#define RCC_APB1ENR TG_REGISTER(RCC + 0x40u)
#define FLASH_ACR TG_REGISTER(0x40023C00)
#define GPIOA_MODER TG_REGISTER(0x40020000)
#define GPIOA_PUPDR TG_REGISTER(0x4002000C)
#define GPIOA_AFRL TG_REGISTER(0x40020020)

enum { PLL_ON = 1 << 24, PLL_READY = 1 << 25, PLL_CLOCK = 2 };
enum { FLASH_WAITS_AND_CACHES = 5 | 7 << 8 };
enum { PLL_M = 8, PLL_N = 168, PLL_P2 = 0, PLL_Q = 7, PLL_R = 2, APB1_BY_4 = 5 << 10, APB2_BY_2 = 4 << 13 };
enum { GPIOA_ON = 1, USART2_ON = 1 << 17, ALTERNATE = 2, PULL_UP = 1, USART_FUNCTION = 7 };

void tg_board_clocks_start(void);

/* 16 MHz HSI / 8 * 168 / 2 = 168 MHz, the most that the STM32F405, F407 and F446 share without overdrive; APB1 42 MHz.
 * HSI, since not every board has the crystal. PLL_R is the STM32F446's; the others keep its reset value there. An
 * emulator without the clock unit never reports ready and runs at 168 MHz anyway. */
static void start_pll(void) {
    FLASH_ACR = FLASH_WAITS_AND_CACHES;
    RCC_PLLCFGR = PLL_M | PLL_N << 6 | PLL_P2 << 16 | PLL_Q << 24 | PLL_R << 28;
    RCC_CR |= PLL_ON;
    bool ready = tg_wait(RCC, PLL_READY, PLL_READY);
    RCC_CFGR = APB1_BY_4 | APB2_BY_2;
    if (ready)
        RCC_CFGR |= PLL_CLOCK;
}

/* PA2 sends, PA3 receives; an open input would be read as noise. */
void tg_board_clocks_start(void) {
    start_pll();
    RCC_AHB1ENR |= GPIOA_ON;
    RCC_APB1ENR |= USART2_ON;
    GPIOA_PUPDR |= PULL_UP << 6;
    GPIOA_AFRL |= USART_FUNCTION << 8 | USART_FUNCTION << 12;
    GPIOA_MODER |= ALTERNATE << 4 | ALTERNATE << 6;
}
