/* broadcast.h: two operands and an output, element by element, with numpy's broadcasting. */
#ifndef TG_BROADCAST_H
#define TG_BROADCAST_H
#include "loader.h"

typedef struct {
    int32_t count;
    int32_t step[2]; /* elements from one to the next, in each operand; 0 where it is repeated */
} tg_axis;

/* Axes from the outermost to the innermost, neighbours merged: two operands of one shape have a single axis. */
typedef struct {
    int32_t rank;
    tg_axis axes[TG_MAX_RANK];
} tg_axes;

/* One run of the innermost axis: y[i] from x1[i * step[0]] and x2[i * step[1]]; both steps are 0 or 1. y may be x1 or
 * x2. */
typedef void (*tg_row)(const void *parameters, const int8_t *x1, const int8_t *x2, int8_t *y, const tg_axis *axis);

/* The axes of two opened int8 operands; refuses an output that is not their broadcast. */
bool tg_broadcast(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *output, tg_axes *axes);

/* Both inputs and the output of an elementwise operator, opened, int8, with usable scales. */
bool tg_open_binary(tg_loader *loader, tg_tensor inputs[2], tg_tensor *output);

/* Bytes of the first `axes->rank` axes and the rank: axes are the last member of a node's parameters, cut to length. */
uint32_t tg_axes_bytes(const tg_axes *axes);

void tg_run_rows(const tg_engine *engine, const tg_node *node, const tg_axes *axes, tg_row row);
#endif
