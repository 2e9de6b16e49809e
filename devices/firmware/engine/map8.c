#include "map8.h"

#define TABLE_PAYS_FROM 320u /* bytes: 256 evaluations and a cheap pass, against an evaluation a byte */

static void map_by_table(const int8_t *x, int8_t *y, uint32_t count, const void *parameters, tg_function8 function) {
    int8_t table[256];
    for (int32_t value = -128; value < 128; value++)
        table[(uint8_t)value] = function(parameters, value);
    for (uint32_t i = 0; i < count; i++)
        y[i] = table[(uint8_t)x[i]];
}

void tg_map8(const tg_engine *engine, const tg_node *node, tg_function8 function) {
    const int8_t *x = (const int8_t *)tg_node_input(engine, node, 0);
    int8_t *y = (int8_t *)tg_node_output(engine, node);
    const void *parameters = tg_node_parameters(node);
    if (node->output_bytes >= TABLE_PAYS_FROM) {
        map_by_table(x, y, node->output_bytes, parameters, function);
        return;
    }
    for (uint32_t i = 0; i < node->output_bytes; i++)
        y[i] = function(parameters, x[i]);
}

void *tg_new_map8(tg_loader *loader, const tg_tensor *input, const tg_tensor *output, uint32_t bytes) {
    if (!tg_expect_same_shape(loader, input, output))
        return 0;
    tg_node *node = tg_new_node(loader, input, 1, output, bytes, 0);
    return node ? tg_parameters(node) : 0;
}
