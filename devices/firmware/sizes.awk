# The sections of one image as a line: code and constants in flash, initialized data, and all static RAM.
/^\.text/ { text = $2 }
/^\.data/ { data = $2 }
/^\.bss|^\.stack|^\.store/ { ram += $2 }
END { printf "%-28s %10d %10d %12d\n", name, text, data, ram + data }
