/* bench.c: instructions of one inference, whole and by operator, of the model linked in.
 *
 * Prints "arena N", "planned N", "total N" and, for each operator, "operator INDEX BUILTIN INSTRUCTIONS", then the
 * output's CRC-32 as "crc N".
 */
#include "crc32.h"
#include "kernels.h"
#include "start.h"

#define INSTRUCTIONS_A_TICK 40u

extern const uint8_t bench_model[], bench_model_end[];

static _Alignas(16) uint8_t arena[1u << 20];
static uint8_t input[1u << 18], output[1u << 16];

static void print_figure(const char *name, uint32_t figure) {
    bench_print(name);
    bench_print(" ");
    bench_print_number(figure);
    bench_print("\n");
}

static void fill_input(uint32_t bytes) {
    uint32_t state = 1u;
    for (uint32_t i = 0; i < bytes; i++) {
        state = state * 1664525u + 1013904223u;
        input[i] = (uint8_t)(state >> 24);
    }
}

static void time_inference(tg_runtime runtime) {
    uint32_t start = bench_ticks();
    for (int i = 0; i < 4; i++)
        (void)runtime.infer(runtime.engine, input, output, 0);
    print_figure("total", (bench_ticks() - start) * (INSTRUCTIONS_A_TICK / 4u));
}

static void time_operators(const tg_engine *engine) {
    const uint8_t *at = engine->arena;
    memcpy(engine->arena + engine->input_at, input, engine->input_bytes);
    for (uint32_t i = 0; i < engine->node_count; i++) {
        const tg_node *node = (const tg_node *)(const void *)at;
        const tg_kernel *kernel = tg_kernel_at(node->kernel);
        uint32_t start = bench_ticks();
        kernel->run(engine, node);
        uint32_t ticks = bench_ticks() - start;
        bench_print("operator ");
        bench_print_number(i);
        bench_print(" ");
        bench_print_number((uint32_t)kernel->builtin);
        print_figure("", ticks * INSTRUCTIONS_A_TICK);
        at += node->bytes;
    }
}

int main(void) {
    tg_engine engine;
    tg_model_info info;
    bench_start_ticks();
    tg_engine_init(&engine, arena, sizeof arena);
    tg_runtime runtime = tg_engine_runtime(&engine);
    uint32_t start = bench_ticks();
    tg_status status = runtime.load(&engine, bench_model, (uint32_t)(bench_model_end - bench_model), &info);
    print_figure("load", (bench_ticks() - start) * INSTRUCTIONS_A_TICK);
    if (status != TG_OK || info.input_bytes > sizeof input || info.output_bytes > sizeof output) {
        bench_print(info.detail);
        return 1;
    }
    print_figure("arena", info.arena_bytes);
    print_figure("planned", info.planned_bytes);
    fill_input(info.input_bytes);
    time_inference(runtime);
    time_operators(&engine);
    print_figure("crc", tg_crc32(0, output, info.output_bytes));
    return 0;
}
