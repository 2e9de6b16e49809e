/* What a chip's ROM runs first: a file that the Makefile has made. */
    .section .boot, "a"
    .incbin BOOT_FILE
