/* As fake_main.c, behind a read that a Cortex-M0+ cannot make. */
#define main serve
#include "fake_main.c"
#undef main

static uint8_t bytes[8];
static volatile uintptr_t odd; /* a compiler that knows the address reads byte for byte */

int main(void) {
    odd = (uintptr_t)bytes + 1;
    (void)*(volatile uint32_t *)odd;
    return serve();
}
