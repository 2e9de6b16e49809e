#include "damage.h"

#include "memory.h"

enum { MOST_KEPT = 512, LARGEST_KEPT = 4096 };

typedef struct {
    uint8_t bytes[LARGEST_KEPT];
    size_t size;
} kept_model;

static kept_model kept[MOST_KEPT];
static uint32_t kept_count, keeping = 1;

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static uint32_t random_word(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static uint32_t nasty_word(uint32_t *state) {
    static const uint32_t words[] = {0u,          1u,          2u,          3u,          4u,          5u,
                                     7u,          8u,          9u,          16u,         127u,        128u,
                                     255u,        256u,        0x7fffu,     0x8000u,     0xffffu,     0x10000u,
                                     0xffffffffu, 0xfffffffeu, 0x7fffffffu, 0x80000000u, 0x40000000u, 0x3f800000u,
                                     0x7f800000u, 0x7fc00000u, 0x00000100u, 0xfffffff0u};
    uint32_t choice = random_word(state) % (2u * (uint32_t)(sizeof words / sizeof words[0]));
    return choice < sizeof words / sizeof words[0] ? words[choice] : random_word(state);
}

static void set_word(uint8_t *data, size_t size, uint32_t word, size_t at) {
    size_t place = at & ~(size_t)3u;
    memcpy(data + place, &word, size - place < 4u ? size - place : 4u);
}

static void add_to_word(uint8_t *data, size_t size, uint32_t change, size_t at) {
    size_t place = at & ~(size_t)3u;
    uint32_t word = 0;
    if (size - place < sizeof word)
        return;
    memcpy(&word, data + place, sizeof word);
    set_word(data, size, word + change, place);
}

static void damage(uint8_t *data, size_t size, uint32_t *state) {
    size_t at = random_word(state) % size;
    switch (random_word(state) % 4u) {
    case 0:
        data[at] ^= (uint8_t)(1u << random_word(state) % 8u);
        break;
    case 1:
        data[at] = (uint8_t)nasty_word(state);
        break;
    case 2:
        set_word(data, size, nasty_word(state), at);
        break;
    default:
        add_to_word(data, size, random_word(state) % 9u - 4u, at);
    }
}

void tg_damage_remember(const uint8_t *model, size_t size) {
    uint32_t place = kept_count < MOST_KEPT ? kept_count++ : random_word(&keeping) % MOST_KEPT;
    if (size > LARGEST_KEPT)
        return;
    memcpy(kept[place].bytes, model, size);
    kept[place].size = size;
}

/* A model that ran, in place of one from the corpus, most of which are refused. */
static size_t recall(uint8_t *data, size_t size, size_t max_size, uint32_t *state) {
    const kept_model *model = &kept[random_word(state) % MOST_KEPT];
    if (model->size == 0 || model->size > max_size)
        return size;
    memcpy(data, model->bytes, model->size);
    return model->size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    uint32_t state = seed * 2654435761u | 1u;
    if (size == 0 || random_word(&state) % 8u == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    if (random_word(&state) % 4u > 0)
        size = recall(data, size, max_size, &state);
    for (uint32_t places = 1u + random_word(&state) % 3u; places > 0; places--)
        damage(data, size, &state);
    return size;
}
