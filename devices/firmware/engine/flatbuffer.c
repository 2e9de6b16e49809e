#include "flatbuffer.h"

#include "bytes.h"

static bool inside(tg_file *file, uint32_t at, uint32_t bytes) {
    bool fits = at <= file->size && bytes <= file->size - at;
    if (!fits)
        file->broken = true;
    return fits;
}

static uint32_t read_u32(tg_file *file, uint32_t at) {
    return inside(file, at, 4) ? tg_read_u32(file->bytes + at) : 0;
}

static uint32_t read_u16(tg_file *file, uint32_t at) {
    return inside(file, at, 2) ? (uint32_t)file->bytes[at] | (uint32_t)file->bytes[at + 1] << 8 : 0;
}

/* Follow an unsigned offset stored at `at`; 0 where that leaves the file. */
static uint32_t follow(tg_file *file, uint32_t at) {
    uint32_t offset = read_u32(file, at);
    if (offset == 0 || !inside(file, at, offset)) {
        file->broken = true;
        return 0;
    }
    return at + offset;
}

uint32_t tg_file_root(tg_file *file) {
    return follow(file, 0);
}

/* Position of field `id` of `table`, 0 where the table does not have it. */
static uint32_t field_at(tg_file *file, uint32_t table, uint32_t id, uint32_t bytes) {
    if (table == 0)
        return 0;
    uint32_t vtable = table - read_u32(file, table);
    uint32_t vtable_bytes = read_u16(file, vtable);
    if (4u + 2u * id + 2u > vtable_bytes)
        return 0;
    uint32_t offset = read_u16(file, vtable + 4u + 2u * id);
    if (offset == 0)
        return 0;
    return inside(file, table, offset) && inside(file, table + offset, bytes) ? table + offset : 0;
}

int32_t tg_field_i8(tg_file *file, uint32_t table, uint32_t id, int32_t absent) {
    uint32_t at = field_at(file, table, id, 1);
    return at ? (int8_t)file->bytes[at] : absent;
}

int32_t tg_field_i32(tg_file *file, uint32_t table, uint32_t id, int32_t absent) {
    uint32_t at = field_at(file, table, id, 4);
    return at ? tg_read_i32(file->bytes + at) : absent;
}

float tg_field_f32(tg_file *file, uint32_t table, uint32_t id, float absent) {
    uint32_t at = field_at(file, table, id, 4);
    return at ? tg_read_f32(file->bytes + at) : absent;
}

uint32_t tg_field_table(tg_file *file, uint32_t table, uint32_t id) {
    uint32_t at = field_at(file, table, id, 4);
    return at ? follow(file, at) : 0;
}

tg_vector tg_field_vector(tg_file *file, uint32_t table, uint32_t id, uint32_t element_bytes) {
    tg_vector vector = {0, 0};
    uint32_t at = tg_field_table(file, table, id);
    if (at == 0)
        return vector;
    uint32_t count = read_u32(file, at);
    if (count > file->size / element_bytes || !inside(file, at, 4u) || !inside(file, at + 4u, count * element_bytes)) {
        file->broken = true;
        return vector;
    }
    vector.at = at + 4u;
    vector.count = count;
    return vector;
}

static uint32_t element_at(tg_file *file, tg_vector vector, uint32_t index, uint32_t element_bytes) {
    if (index < vector.count)
        return vector.at + index * element_bytes;
    file->broken = true;
    return 0;
}

int32_t tg_vector_i32(tg_file *file, tg_vector vector, uint32_t index) {
    uint32_t at = element_at(file, vector, index, 4);
    return at ? tg_read_i32(file->bytes + at) : 0;
}

float tg_vector_f32(tg_file *file, tg_vector vector, uint32_t index) {
    uint32_t at = element_at(file, vector, index, 4);
    return at ? tg_read_f32(file->bytes + at) : 0.0f;
}

int32_t tg_vector_i64(tg_file *file, tg_vector vector, uint32_t index) {
    uint32_t at = element_at(file, vector, index, 8);
    return at ? tg_read_i32(file->bytes + at) : 0;
}

uint32_t tg_vector_table(tg_file *file, tg_vector vector, uint32_t index) {
    uint32_t at = element_at(file, vector, index, 4);
    return at ? follow(file, at) : 0;
}
