#include "text.h"

#include <string.h>

tg_text tg_text_start(char *at, uint32_t room) {
    at[0] = '\0';
    return (tg_text){.at = at, .room = room, .length = 0};
}

void tg_text_add(tg_text *text, const char *words) {
    while (*words != '\0' && text->length + 1 < text->room)
        text->at[text->length++] = *words++;
    text->at[text->length] = '\0';
}

void tg_text_add_number(tg_text *text, uint32_t number) {
    char digits[11];
    uint32_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10u);
        number /= 10u;
    } while (number > 0);
    tg_text_add(text, digits + at);
}

uint32_t tg_text_length(const char *at, uint32_t room) {
    const char *end = memchr(at, 0, room);
    return end != NULL ? (uint32_t)(end - at) : room;
}
