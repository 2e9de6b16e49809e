#include "printer.h"

#include "decimal.h"

static void put(tg_printer *printer, char character) {
    if (printer->length == TG_PRINTER_BYTES)
        tg_printer_end(printer);
    printer->bytes[printer->length++] = character;
}

tg_printer tg_printer_start(const tg_board *board) {
    return (tg_printer){.board = board, .length = 0};
}

void tg_print(tg_printer *printer, const char *text) {
    while (*text != '\0')
        put(printer, *text++);
}

void tg_print_number(tg_printer *printer, uint32_t number) {
    char text[TG_DECIMAL_BYTES];
    (void)tg_decimal(number, text);
    tg_print(printer, text);
}

void tg_print_decimal3(tg_printer *printer, float value) {
    char text[TG_DECIMAL_BYTES];
    (void)tg_decimal3(value, text);
    tg_print(printer, text);
}

void tg_print_hex(tg_printer *printer, uint8_t byte) {
    static const char digits[] = "0123456789abcdef";
    put(printer, digits[byte >> 4]);
    put(printer, digits[byte & 15u]);
}

void tg_printer_end(tg_printer *printer) {
    printer->board->send(printer->board->context, (const uint8_t *)printer->bytes, printer->length);
    printer->length = 0;
}
