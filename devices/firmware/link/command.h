/* command.h: one MLPerf Tiny command, taken apart. */
#ifndef TG_COMMAND_H
#define TG_COMMAND_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    TG_COMMAND_UNKNOWN, /* also: words too many or too few, a number that is none */
    TG_COMMAND_BAD_HEX,
    TG_COMMAND_ODD_HEX,
    TG_COMMAND_HELP,
    TG_COMMAND_NAME,
    TG_COMMAND_PROFILE,
    TG_COMMAND_TIMESTAMP,
    TG_COMMAND_RESULTS,
    TG_COMMAND_PRINT,
    TG_COMMAND_LOAD,  /* first: bytes */
    TG_COMMAND_BYTES, /* digits */
    TG_COMMAND_INFER, /* first: inferences, second: warm-ups, 10 where none are named */
} tg_command_kind;

typedef struct {
    tg_command_kind kind;
    uint32_t first, second;
    const char *digits; /* an even number of hex digits and a NUL, in the text that was parsed */
} tg_command;

/* Takes a NUL-terminated command apart; words are divided by one space. */
tg_command tg_command_parse(const char *text);

/* The byte of two hex digits; -1: they are none. */
int32_t tg_command_byte(const char *digits);

#ifdef __cplusplus
}
#endif
#endif
