#include "command_line.h"

#include <string.h>

enum { TERMINATOR = '%' };

/* The first byte is COBS's code, the second then the type of the message. No request's is a line end or printable. */
static bool begins_request(const uint8_t *start) {
    bool line_end = start[1] >= '\n' && start[1] <= '\r';
    return start[0] >= TG_RUN_START_BYTES && start[1] < ' ' && !line_end;
}

static void begin_command(tg_command_line *line) {
    line->length = 0;
    line->too_long = false;
    line->command[0] = '\0';
}

static bool take(tg_command_line *line, uint8_t byte) {
    if (byte == TERMINATOR)
        return true;
    if (byte < ' ' || byte > '~') {
        begin_command(line);
    } else if (line->length == TG_LONGEST_COMMAND) {
        line->too_long = true;
    } else {
        line->command[line->length++] = (char)byte;
        line->command[line->length] = '\0';
    }
    return false;
}

void tg_command_line_end(tg_command_line *line) {
    memset(line, 0, sizeof *line);
}

void tg_command_line_start(tg_command_line *line, uint8_t byte) {
    if (byte == 0) {
        tg_command_line_end(line);
        return;
    }
    line->start[line->seen++] = byte;
    if (line->seen < TG_RUN_START_BYTES)
        return;
    line->text = !begins_request(line->start);
    for (uint32_t i = 0; line->text && i < TG_RUN_START_BYTES; i++)
        if (take(line, line->start[i]))
            begin_command(line); /* no command has so few characters */
}

uint32_t tg_command_line_take(tg_command_line *line, const uint8_t *bytes, uint32_t length, bool *complete) {
    uint32_t taken = 0;
    *complete = false;
    if (line->ended)
        begin_command(line);
    while (taken < length && bytes[taken] != 0 && !*complete)
        *complete = take(line, bytes[taken++]);
    line->ended = *complete;
    return taken;
}
