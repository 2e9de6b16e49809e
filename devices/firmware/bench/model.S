    .section .rodata
    .balign 16
    .global bench_model, bench_model_end
bench_model:
    .incbin BENCH_MODEL
bench_model_end:
