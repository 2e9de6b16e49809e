/* fake_runtime.h: an engine that answers checksums, the same as devices/fake.py's ChecksumEngine. */
#ifndef FAKE_RUNTIME_H
#define FAKE_RUNTIME_H
#include "runtime.h"

typedef struct {
    uint32_t input_bytes, output_bytes, operators;
} fake_engine;

tg_runtime fake_runtime(fake_engine *engine);
#endif
