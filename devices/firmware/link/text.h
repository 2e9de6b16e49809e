/* text.h: error details without stdio. */
#ifndef TG_TEXT_H
#define TG_TEXT_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    char *at;
    uint32_t room, length; /* room counts the closing NUL, which always stands */
} tg_text;

/* Starts an empty text in `room` bytes, at least 1. What does not fit is left out. */
tg_text tg_text_start(char *at, uint32_t room);
void tg_text_add(tg_text *text, const char *words);
void tg_text_add_number(tg_text *text, uint32_t number);
/* The length of a text in `room` bytes that may lack its NUL. */
uint32_t tg_text_length(const char *at, uint32_t room);

#ifdef __cplusplus
}
#endif
#endif
