#!/bin/sh
# run.sh ELF: the bench program on an emulated Cortex-M4F, one instruction a nanosecond.
exec timeout 120 qemu-system-arm -machine mps2-an386 -display none -nodefaults -monitor none -serial none \
    -icount shift=0 -semihosting-config enable=on,target=native -kernel "$1"
