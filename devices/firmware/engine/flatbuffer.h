/* flatbuffer.h: bounds-checked reads from a flatbuffer that may be hostile.
 *
 * Every read is checked against the file's size. A read that does not fit returns 0 (or an empty vector) and sets
 * `broken`, which stays set: callers may read several fields and look at `broken` once, before they use any of them as
 * a size or an address. Position 0 stands for "absent"; reading a field of table 0 gives that field's default. Nothing
 * needs alignment.
 */
#ifndef TG_FLATBUFFER_H
#define TG_FLATBUFFER_H
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const uint8_t *bytes;
    uint32_t size;
    bool broken;
} tg_file;

/* `count` elements that start at byte `at`; all of them lie inside the file. */
typedef struct {
    uint32_t at, count;
} tg_vector;

uint32_t tg_file_root(tg_file *file);
int32_t tg_field_i8(tg_file *file, uint32_t table, uint32_t id, int32_t absent);
int32_t tg_field_i32(tg_file *file, uint32_t table, uint32_t id, int32_t absent);
float tg_field_f32(tg_file *file, uint32_t table, uint32_t id, float absent);
uint32_t tg_field_table(tg_file *file, uint32_t table, uint32_t id);
tg_vector tg_field_vector(tg_file *file, uint32_t table, uint32_t id, uint32_t element_bytes);

/* Elements; `index` beyond the vector breaks the file. */
int32_t tg_vector_i32(tg_file *file, tg_vector vector, uint32_t index);
float tg_vector_f32(tg_file *file, tg_vector vector, uint32_t index);
/* Low 32 bits of an int64 element. */
int32_t tg_vector_i64(tg_file *file, tg_vector vector, uint32_t index);
uint32_t tg_vector_table(tg_file *file, tg_vector vector, uint32_t index);
#endif
