/* The second stage of the RP2040's boot: the ROM copies 256 bytes from the start of flash to RAM and runs them, if their
 * checksum is right (rp2040_boot2.py). Every serial flash knows the 03h read: 8 bits of command, 24 of address, 32 of
 * data, at a quarter of the core's clock. */
    .syntax unified
    .cpu cortex-m0plus
    .thumb
    .equ SSI, 0x18000000
    .equ SSI_CTRLR0, 0x00
    .equ SSI_CTRLR1, 0x04
    .equ SSI_SSIENR, 0x08
    .equ SSI_BAUDR, 0x14
    .equ SSI_SPI_CTRLR0, 0xF4
    .equ FRAMES_OF_32_EEPROM_READ, 31 << 16 | 3 << 8
    .equ READ_03H, 0x03 << 24 | 2 << 8 | 6 << 2
    .equ VECTORS, 0x10000100
    .equ VTOR, 0xE000ED08

    .section .text
    ldr r0, =SSI
    movs r1, #0
    str r1, [r0, #SSI_SSIENR]
    movs r1, #4
    str r1, [r0, #SSI_BAUDR]
    ldr r1, =FRAMES_OF_32_EEPROM_READ
    str r1, [r0, #SSI_CTRLR0]
    ldr r1, =READ_03H
    movs r2, #SSI_SPI_CTRLR0
    str r1, [r0, r2]
    movs r1, #0
    str r1, [r0, #SSI_CTRLR1]
    movs r1, #1
    str r1, [r0, #SSI_SSIENR]

    ldr r0, =VECTORS
    ldr r1, =VTOR
    str r0, [r1]
    ldr r1, [r0]
    msr msp, r1
    ldr r1, [r0, #4]
    bx r1
    .ltorg
