/* map8.h: an operator whose int8 output depends on one int8 input alone. */
#ifndef TG_MAP8_H
#define TG_MAP8_H
#include "loader.h"

/* The output for input x, from the node's parameters. */
typedef int8_t (*tg_function8)(const void *parameters, int32_t x);

/* Run `function` over the node's input, through a table of its 256 values where that is less work. */
void tg_map8(const tg_engine *engine, const tg_node *node, tg_function8 function);

/* A node for the current operator, whose opened tensors have one shape; `bytes` of parameters. NULL: recorded. */
void *tg_new_map8(tg_loader *loader, const tg_tensor *input, const tg_tensor *output, uint32_t bytes);
#endif
