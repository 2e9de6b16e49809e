#include "command.h"

#include <stdbool.h>
#include <stddef.h>

enum { DEFAULT_WARMUPS = 10, LONGEST_NUMBER = 9 };

/* The rest behind `word` and a space, or behind `word` alone an empty text; NULL where the text begins otherwise. */
static const char *behind(const char *text, const char *word) {
    while (*word != '\0')
        if (*text++ != *word++)
            return NULL;
    if (*text == '\0')
        return text;
    return *text == ' ' ? text + 1 : NULL;
}

static bool is(const char *text, const char *word) {
    const char *rest = behind(text, word);
    return rest != NULL && *rest == '\0' && rest[-1] != ' ';
}

/* A whole number, and where it ends: at a space, which is taken, or at the end of the text. NULL: no number. */
static const char *number(const char *text, uint32_t *value) {
    uint32_t digits = 0;
    *value = 0;
    for (; *text >= '0' && *text <= '9' && digits <= LONGEST_NUMBER; digits++)
        *value = *value * 10u + (uint32_t)(*text++ - '0');
    if (digits == 0 || digits > LONGEST_NUMBER || (*text != '\0' && *text != ' '))
        return NULL;
    return *text == ' ' ? text + 1 : text;
}

static int32_t digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int32_t tg_command_byte(const char *digits) {
    int32_t high = digit(digits[0]);
    int32_t low = high >= 0 ? digit(digits[1]) : -1;
    return low >= 0 ? high * 16 + low : -1;
}

static tg_command parse_bytes(const char *digits) {
    tg_command command = {.kind = TG_COMMAND_BYTES, .digits = digits};
    const char *at = digits;
    while (at[0] != '\0' && at[1] != '\0' && tg_command_byte(at) >= 0)
        at += 2;
    if (at[0] != '\0')
        command.kind = at[1] == '\0' ? TG_COMMAND_ODD_HEX : TG_COMMAND_BAD_HEX;
    return at == digits && *at == '\0' ? (tg_command){.kind = TG_COMMAND_UNKNOWN} : command;
}

static tg_command parse_buffer(const char *text) {
    const char *rest = behind(text, "load");
    tg_command command = {.kind = TG_COMMAND_UNKNOWN};
    if (is(text, "print")) {
        command.kind = TG_COMMAND_PRINT;
    } else if (rest != NULL) {
        const char *end = number(rest, &command.first);
        if (end != NULL && *end == '\0')
            command.kind = TG_COMMAND_LOAD;
    } else {
        command = parse_bytes(text);
    }
    return command;
}

static tg_command parse_infer(const char *text) {
    tg_command command = {.kind = TG_COMMAND_UNKNOWN, .first = 1, .second = DEFAULT_WARMUPS};
    const char *end = *text != '\0' ? number(text, &command.first) : text;
    if (end != NULL && *end != '\0')
        end = number(end, &command.second);
    if (end != NULL && *end == '\0' && command.first > 0)
        command.kind = TG_COMMAND_INFER;
    return command;
}

tg_command tg_command_parse(const char *text) {
    static const struct {
        const char *word;
        tg_command_kind kind;
    } single[] = {{"help", TG_COMMAND_HELP},
                  {"name", TG_COMMAND_NAME},
                  {"profile", TG_COMMAND_PROFILE},
                  {"timestamp", TG_COMMAND_TIMESTAMP},
                  {"results", TG_COMMAND_RESULTS}};
    const char *rest = behind(text, "db");
    if (rest != NULL)
        return parse_buffer(rest);
    rest = behind(text, "infer");
    if (rest != NULL)
        return parse_infer(rest);
    for (uint32_t i = 0; i < sizeof single / sizeof single[0]; i++)
        if (is(text, single[i].word))
            return (tg_command){.kind = single[i].kind};
    return (tg_command){.kind = TG_COMMAND_UNKNOWN};
}
