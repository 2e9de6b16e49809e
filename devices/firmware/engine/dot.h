/* dot.h: sums over int8 vectors, mod 2^32. */
#ifndef TG_DOT_H
#define TG_DOT_H
#include "fixed_point.h"

static inline int32_t tg_dot(const int8_t *x, const int8_t *w, int32_t count) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++)
        sum = tg_wrap_add(sum, x[i] * w[i]);
    return sum;
}

/* Of `count` elements that lie `step` apart. */
static inline int32_t tg_sum(const int8_t *x, int32_t count, int32_t step) {
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++, x += step)
        sum = tg_wrap_add(sum, *x);
    return sum;
}
#endif
