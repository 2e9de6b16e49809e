/* command_line.h: tells text commands from frames (SPEC.md, section 9).
 *
 * What lies between two 0x00 is a run. A run whose first bytes can begin a request is a frame and is never looked at as
 * text. Any other run is searched for commands: printable characters up to a '%', from the start of the run, behind
 * another '%' or behind a character that is not printable.
 */
#ifndef TG_COMMAND_LINE_H
#define TG_COMMAND_LINE_H
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { TG_LONGEST_COMMAND = 80, TG_RUN_START_BYTES = 2 };

typedef struct {
    uint8_t start[TG_RUN_START_BYTES];
    uint8_t seen;   /* of the run's first bytes, at most TG_RUN_START_BYTES */
    bool text;      /* the run can be no request */
    bool talking;   /* a command was answered in this run: from there on it is a conversation */
    bool too_long;  /* the command has lost characters */
    bool ended;     /* its % has come */
    uint8_t length; /* of the command so far */
    char command[TG_LONGEST_COMMAND + 1];
} tg_command_line;

/* Takes one byte of a run that has seen less than TG_RUN_START_BYTES; 0x00 ends the run. */
void tg_command_line_start(tg_command_line *line, uint8_t byte);

/* Takes bytes of a text run up to the first '%', and stops before a 0x00. Returns how many were taken; `complete` says
 * that a command stands in `line`, until the next call. */
uint32_t tg_command_line_take(tg_command_line *line, const uint8_t *bytes, uint32_t length, bool *complete);

/* Forgets the run: a 0x00 came. */
void tg_command_line_end(tg_command_line *line);

#ifdef __cplusplus
}
#endif
#endif
