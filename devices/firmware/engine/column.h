/* column.h: the windows of two pixels, widened to 16 bits, as conv_dsp.c multiplies them.
 *
 * For each four taps a column holds four words: pixel 0 taps (0, 2), pixel 0 taps (1, 3), pixel 1 taps (0, 2), pixel 1
 * taps (1, 3): the order in which weights come out of tg_even16 and tg_odd16. Missing taps at the end are 0; taps
 * outside the image are the input's zero point.
 */
#ifndef TG_COLUMN_H
#define TG_COLUMN_H
#include "conv.h"

#define TG_COLUMN_PIXELS 2
#define TG_COLUMN_WORDS 4 /* for four taps */

typedef struct {
    const tg_conv *shape;
    const int8_t *image;
    uint32_t *words;
    int8_t *bytes;    /* one window, used where its runs are no multiple of 4 */
    int32_t taps;     /* of a window */
    uint32_t outside; /* four zero points */
} tg_column;

uint32_t tg_column_bytes(const tg_conv *shape);
tg_column tg_column_open(const tg_conv *shape, const int8_t *image, uint8_t *scratch);

/* The window of the output cell (oy, ox) as pixel 0 or 1. */
void tg_column_fill(const tg_column *column, int32_t pixel, int32_t oy, int32_t ox);
#endif
