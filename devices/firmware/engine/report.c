#include "loader.h"

#include "builtin_names.h"

typedef struct {
    char *text;
    uint32_t used;
} writer;

static void put(writer *out, char c) {
    if (out->used + 1u < TG_DETAIL_BYTES)
        out->text[out->used++] = c;
    out->text[out->used] = '\0';
}

static void put_text(writer *out, const char *text) {
    while (*text)
        put(out, *text++);
}

static void put_number(writer *out, int32_t number) {
    char digits[10];
    uint32_t count = 0, rest = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
    if (number < 0)
        put(out, '-');
    do {
        digits[count++] = (char)('0' + rest % 10u);
        rest /= 10u;
    } while (rest);
    while (count)
        put(out, digits[--count]);
}

static void put_formatted(writer *out, const char *format, int32_t a, int32_t b) {
    int32_t next = a;
    for (const char *c = format; *c; c++) {
        if (c[0] == '%' && c[1] == 'd') {
            put_number(out, next);
            next = b;
            c++;
        } else {
            put(out, *c);
        }
    }
}

static void put_operator(writer *out, const tg_operator *current) {
    put_text(out, "operator ");
    put_number(out, (int32_t)current->index);
    put(out, ' ');
    put_text(out, tg_builtin_name(current->builtin));
    put_text(out, ": ");
}

bool tg_refuse(tg_loader *loader, tg_status status, const char *format, int32_t a, int32_t b) {
    if (loader->status != TG_OK)
        return false;
    loader->status = status;
    writer out = {loader->info->detail, 0};
    if (loader->current.table)
        put_operator(&out, &loader->current);
    put_formatted(&out, format, a, b);
    return false;
}

bool tg_expect(tg_loader *loader, bool holds, tg_status status, const char *format, int32_t a, int32_t b) {
    return holds || tg_refuse(loader, status, format, a, b);
}

bool tg_well_formed(tg_loader *loader, bool holds, const char *text) {
    return tg_expect(loader, holds, TG_MODEL_MALFORMED, text, 0, 0);
}

bool tg_supported(tg_loader *loader, bool holds, const char *text) {
    return tg_expect(loader, holds, TG_MODEL_UNSUPPORTED, text, 0, 0);
}

bool tg_accepted(tg_loader *loader, bool holds, const char *text) {
    return tg_expect(loader, holds, TG_MODEL_REFUSED, text, 0, 0);
}
