# The sections of one image as a line: bytes in flash, static RAM of buffers and stack, room for model and arena.
/^\.boot|^\.text|^\.ARM/ { flash += $2 }
/^\.data/ { flash += $2; ram += $2 }
/^\.bss|^\.stack/ { ram += $2 }
/^\.store/ { room += $2 }
END { printf "%-28s %10d %16d %22d\n", name, flash, ram, room }
