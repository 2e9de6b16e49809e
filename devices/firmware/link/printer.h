/* printer.h: text to the board, some characters at a time. */
#ifndef TG_PRINTER_H
#define TG_PRINTER_H
#include <stdint.h>

#include "board.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TG_PRINTER_BYTES = 64 };

typedef struct {
    const tg_board *board;
    uint32_t length;
    char bytes[TG_PRINTER_BYTES];
} tg_printer;

tg_printer tg_printer_start(const tg_board *board);
void tg_print(tg_printer *printer, const char *text);
void tg_print_number(tg_printer *printer, uint32_t number);
/* As %0.3f; |value| below 2^31. */
void tg_print_decimal3(tg_printer *printer, float value);
void tg_print_hex(tg_printer *printer, uint8_t byte);
/* Sends what is left. */
void tg_printer_end(tg_printer *printer);

#ifdef __cplusplus
}
#endif
#endif
