#include "mlperf_tiny.h"

#include <stddef.h>

#include "command.h"
#include "printer.h"
#include "session.h"

enum { SIGN_BIT = 0x80, BYTES_A_LINE = 8, MICROSECONDS = 1000000 };

/* The benchmark's models by the size of their input, and how the benchmark's tools send it: as uint8, which is int8 128
 * higher, or as it is. */
typedef struct {
    uint32_t input_bytes;
    const char *name;
    bool is_uint8;
} known_model;

static known_model model_of(const tg_session *session) {
    static const known_model known[] = {
        {32 * 32 * 3, "ic01", true}, {96 * 96 * 3, "vww01", true}, {49 * 10, "kws01", false}};
    if (session->model_state != TG_MODEL_LOADED)
        return (known_model){.name = "none"};
    for (uint32_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].input_bytes == session->info.input_bytes)
            return known[i];
    return (known_model){.name = "tinygate"};
}

static uint8_t *tensor_at(const tg_session *session) {
    return session->memory.request + TG_HEADER_BYTES;
}

static int8_t *output_at(const tg_session *session) {
    return (int8_t *)session->memory.reply + TG_HEADER_BYTES + TG_RESULT_HEADER_BYTES;
}

static uint32_t microseconds(const tg_board *board, uint64_t ticks) {
    uint64_t seconds = ticks / board->counter_hz, rest = ticks % board->counter_hz;
    return (uint32_t)(seconds * MICROSECONDS + rest * MICROSECONDS / board->counter_hz);
}

static void print_lap(tg_printer *out, uint64_t ticks) {
    tg_print(out, "m-lap-us-");
    tg_print_number(out, microseconds(out->board, ticks));
    tg_print(out, "\r\n");
}

static void print_error(tg_printer *out, const char *text) {
    tg_print(out, "e-[");
    tg_print(out, text);
    tg_print(out, "]\r\n");
}

static void print_counted(tg_printer *out, const char *before, uint32_t number, const char *behind) {
    tg_print(out, before);
    tg_print_number(out, number);
    tg_print(out, behind);
}

static void announce(tg_session *session, tg_printer *out, uint32_t bytes) {
    uint32_t room = session->memory.request_bytes - TG_OVERHEAD_BYTES;
    session->tensor = (tg_text_tensor){.expected_bytes = bytes <= room ? bytes : 0};
    if (bytes == 0) {
        print_error(out, "Command 'db load' must be >0 bytes");
    } else if (bytes > room) {
        print_counted(out, "Supplied buffer size ", bytes, " exceeds maximum of ");
        print_counted(out, "", room, "\r\n");
    } else {
        print_counted(out, "m-[Expecting ", bytes, " bytes]\r\n");
    }
}

static void take_bytes(tg_session *session, tg_printer *out, const char *digits) {
    tg_text_tensor *tensor = &session->tensor;
    if (tensor->held_bytes >= tensor->expected_bytes) {
        print_error(out, "No bytes are expected");
        return;
    }
    for (; *digits != '\0' && tensor->held_bytes < tensor->expected_bytes; digits += 2)
        tensor_at(session)[tensor->held_bytes++] = (uint8_t)tg_command_byte(digits);
    if (tensor->held_bytes == tensor->expected_bytes)
        tg_print(out, "m-load-done\r\n");
}

static void print_tensor(const tg_session *session, tg_printer *out) {
    uint32_t held = session->tensor.held_bytes;
    for (uint32_t i = 0; i < held; i++) {
        tg_print(out, i % BYTES_A_LINE == 0 ? "m-buffer-" : "-");
        tg_print_hex(out, tensor_at(session)[i]);
        if ((i + 1) % BYTES_A_LINE == 0 || i + 1 == held)
            tg_print(out, "\r\n");
    }
}

static void print_results(const tg_session *session, tg_printer *out) {
    float scale = session->info.output_scale;
    tg_print(out, "m-results-[");
    for (uint32_t i = 0; i < session->info.output_bytes; i++) {
        float value = (float)(output_at(session)[i] - session->info.output_zero_point) * scale;
        tg_print(out, i > 0 ? "," : "");
        tg_print_decimal3(out, value);
    }
    tg_print(out, "]\r\n");
}

static void flip_signs(tg_session *session) {
    for (uint32_t i = 0; model_of(session).is_uint8 && i < session->info.input_bytes; i++)
        tensor_at(session)[i] ^= SIGN_BIT;
}

/* Returns the ticks at the end. The counter is read after each inference, so that none of its wraps is missed. */
static uint64_t repeat(tg_session *session, uint32_t times) {
    const tg_board *board = session->board;
    const tg_runtime *runtime = session->runtime;
    uint64_t now = board->ticks(board->context);
    for (uint32_t i = 0; i < times && session->tensor.inferred; i++) {
        session->tensor.inferred =
            runtime->infer(runtime->engine, tensor_at(session), (uint8_t *)output_at(session), NULL) == TG_OK;
        now = board->ticks(board->context);
        session->inferences++;
    }
    return now;
}

static void infer(tg_session *session, tg_printer *out, const tg_command *command) {
    const tg_board *board = session->board;
    session->answered_type = 0; /* the output is written over the reply that stood there */
    session->tensor.inferred = true;
    print_counted(out, "m-warmup-start-", command->second, "\r\n");
    tg_printer_end(out);
    flip_signs(session);
    (void)repeat(session, command->second);
    uint64_t start = board->ticks(board->context), end = repeat(session, command->first);
    flip_signs(session);
    tg_print(out, "m-warmup-done\r\n");
    print_counted(out, "m-infer-start-", command->first, "\r\n");
    print_lap(out, start);
    print_lap(out, end);
    tg_print(out, "m-infer-done\r\n");
    if (session->tensor.inferred)
        print_results(session, out);
    else
        print_error(out, "The engine failed");
}

/* A zero point that is no int8 is taken for none: a value may then be beyond what is printed. */
static bool tells_scale(const tg_model_info *info) {
    bool is_int8 = info->output_zero_point >= INT8_MIN && info->output_zero_point <= INT8_MAX;
    return is_int8 && info->output_scale > 0.0f && info->output_scale < 8e6f;
}

/* What the reference firmware would do with the tensor before is not done here: it is refused. */
static void infer_if_loaded(tg_session *session, tg_printer *out, const tg_command *command) {
    const tg_text_tensor *tensor = &session->tensor;
    uint32_t wanted = session->info.input_bytes;
    if (session->model_state != TG_MODEL_LOADED) {
        print_error(out, "No model");
    } else if (!tells_scale(&session->info)) {
        print_error(out, "The engine tells no scale of an int8 output");
    } else if (session->board->counter_hz == 0) {
        print_error(out, "The board has no timer");
    } else if (tensor->held_bytes != tensor->expected_bytes || tensor->held_bytes != wanted) {
        print_counted(out, "Input db has ", tensor->held_bytes, " elemented, expected ");
        print_counted(out, "", wanted, "\r\n");
    } else {
        infer(session, out, command);
    }
}

static void print_timestamp(const tg_session *session, tg_printer *out) {
    if (session->board->counter_hz == 0)
        print_error(out, "The board has no timer");
    else
        print_lap(out, session->board->ticks(session->board->context));
}

static void print_name(const tg_session *session, tg_printer *out) {
    tg_print(out, "m-name-dut-[");
    tg_print(out, session->board->name);
    tg_print(out, "]\r\n");
}

static void print_profile(const tg_session *session, tg_printer *out) {
    tg_print(out, "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[");
    tg_print(out, model_of(session).name);
    tg_print(out, "]\r\n");
}

static void print_unknown(tg_printer *out, const char *command) {
    tg_print(out, "e-[Unknown command: ");
    tg_print(out, command);
    tg_print(out, "]\r\n");
}

static void act(tg_session *session, tg_printer *out, const tg_command *command, const char *text) {
    switch (command->kind) {
    case TG_COMMAND_HELP:
        tg_print(out, "help, name, profile, timestamp, db load N, db HH.., db print, infer N [W], results\r\n");
        break;
    case TG_COMMAND_NAME:
        print_name(session, out);
        break;
    case TG_COMMAND_PROFILE:
        print_profile(session, out);
        break;
    case TG_COMMAND_TIMESTAMP:
        print_timestamp(session, out);
        break;
    case TG_COMMAND_RESULTS:
        if (session->tensor.inferred)
            print_results(session, out);
        else
            print_error(out, "No results");
        break;
    case TG_COMMAND_PRINT:
        print_tensor(session, out);
        break;
    case TG_COMMAND_LOAD:
        announce(session, out, command->first);
        break;
    case TG_COMMAND_BYTES:
        take_bytes(session, out, command->digits);
        break;
    case TG_COMMAND_INFER:
        infer_if_loaded(session, out, command);
        break;
    case TG_COMMAND_ODD_HEX:
        print_error(out, "Insufficent number of hex digits"); /* sic: tools know the line */
        break;
    case TG_COMMAND_BAD_HEX:
        print_error(out, "Invalid hex digit");
        break;
    default:
        print_unknown(out, text);
    }
}

bool tg_mlperf_tiny_knows(const char *command) {
    return tg_command_parse(command).kind >= TG_COMMAND_HELP;
}

void tg_mlperf_tiny_answer(tg_session *session, const char *text) {
    tg_printer out = tg_printer_start(session->board);
    tg_command command = tg_command_parse(text);
    act(session, &out, &command, text);
    tg_print(&out, "m-ready\r\n");
    tg_printer_end(&out);
}
