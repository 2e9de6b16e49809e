#include "session.h"

#include <string.h>

#include "model_store.h"
#include "text.h"

enum { SMALL_BODY = TG_OVERHEAD_BYTES + TG_ERROR_HEADER_BYTES + TG_DETAIL_BYTES };

void tg_session_start(tg_session *session, const tg_memory *memory, const tg_board *board, const tg_runtime *runtime) {
    memset(session, 0, sizeof *session);
    session->memory = *memory;
    session->board = board;
    session->runtime = runtime;
    tg_receiver_init(&session->receiver, memory->request, memory->request_bytes);
    tg_model_start(session);
}

static void send_body(tg_session *session, uint8_t *body, const tg_frame *reply) {
    (void)tg_frame_send(body, reply, session->board->send, session->board->context);
}

/* Errors have a body of their own, so that the last reply stays what it was. */
static void send_error(tg_session *session, const tg_frame *request, uint32_t code, const char *detail) {
    uint8_t body[SMALL_BODY];
    uint8_t *payload = body + TG_HEADER_BYTES;
    uint32_t text_bytes = tg_text_length(detail, TG_ERROR_TEXT_BYTES);
    tg_put16(payload, (uint16_t)code);
    tg_put16(payload + 2, 0);
    memcpy(payload + TG_ERROR_HEADER_BYTES, detail, text_bytes);
    tg_frame reply = {.type = TG_ERROR,
                      .session = request->session,
                      .sequence = request->sequence,
                      .payload_bytes = TG_ERROR_HEADER_BYTES + text_bytes};
    send_body(session, body, &reply);
}

/* Sends the payload that stands in the reply body, and keeps it for a repeated request. */
static void answer(tg_session *session, const tg_frame *request, tg_message type, uint32_t payload_bytes) {
    tg_frame reply = {.type = (uint8_t)type,
                      .session = request->session,
                      .sequence = request->sequence,
                      .payload_bytes = payload_bytes};
    session->answered_bytes =
        tg_frame_send(session->memory.reply, &reply, session->board->send, session->board->context);
    session->answered_type = request->type;
    session->answered_sequence = request->sequence;
}

static bool answered_before(const tg_session *session, const tg_frame *request) {
    return session->answered_type == request->type && session->answered_sequence == request->sequence;
}

static uint8_t *reply_payload(const tg_session *session) {
    return session->memory.reply + TG_HEADER_BYTES;
}

static void put_text(uint8_t *at, uint32_t room, const char *text) {
    memset(at, 0, room);
    memcpy(at, text, tg_text_length(text, room));
}

static void put_limits(const tg_session *session, uint8_t *at) {
    const tg_board *board = session->board;
    const tg_memory *memory = &session->memory;
    tg_put32(at + 8, board->core_hz);
    tg_put32(at + 12, board->counter_hz);
    tg_put32(at + 16, memory->request_bytes - TG_OVERHEAD_BYTES);
    tg_put32(at + 20, memory->reply_bytes - TG_OVERHEAD_BYTES);
    tg_put32(at + 24, board->window_bytes);
    tg_put32(at + 28, memory->model_room);
    tg_put32(at + 32, memory->arena_room);
}

/* A linked model that is not loaded is held all the same: MODEL_END loads it, or says why not. */
static void put_model(const tg_session *session, uint8_t *at) {
    bool loaded = session->model_state == TG_MODEL_LOADED, linked = session->memory.linked_bytes > 0;
    if (!loaded && !linked)
        return;
    at[3] = (uint8_t)(loaded ? session->origin : TG_ORIGIN_FLASH);
    tg_put32(at + 36, loaded ? session->model_bytes : session->memory.linked_bytes);
    memcpy(at + 40, loaded ? session->sha256 : session->linked_sha256, TG_SHA256_BYTES);
}

static void put_identity(const tg_session *session, uint8_t *at) {
    const tg_board *board = session->board;
    put_text(at + 72, 24, board->name);
    put_text(at + 96, 16, board->core);
    put_text(at + 112, 16, board->firmware);
    put_text(at + 128, 16, session->memory.engine);
    memcpy(at + 144, board->unique_id, sizeof board->unique_id);
}

static void greet(tg_session *session, const tg_frame *request) {
    uint8_t *at = reply_payload(session);
    session->id = request->session;
    session->failed_code = TG_OK; /* another session may use the same sequence number */
    memset(at, 0, TG_GREETING_BYTES);
    at[0] = TG_VERSION_MAJOR;
    at[1] = TG_VERSION_MINOR;
    at[2] = session->board->counter;
    tg_put16(at + 4, session->board->credits);
    put_limits(session, at);
    put_model(session, at);
    put_identity(session, at);
    answer(session, request, TG_GREETING, TG_GREETING_BYTES);
}

static void answer_model(tg_session *session, const tg_frame *request) {
    uint8_t *at = reply_payload(session);
    const tg_model_info *info = &session->info;
    tg_put32(at, info->input_bytes);
    tg_put32(at + 4, info->output_bytes);
    tg_put32(at + 8, info->arena_bytes);
    tg_put32(at + 12, info->planned_bytes);
    tg_put32(at + 16, info->operators);
    answer(session, request, TG_MODEL_INFO, TG_MODEL_INFO_BYTES);
}

static void answer_stats(tg_session *session, const tg_frame *request) {
    tg_usage usage = {0};
    session->board->usage(session->board->context, &usage);
    const uint32_t values[13] = {
        session->info.arena_bytes, session->memory.arena_room, session->info.planned_bytes,
        session->model_bytes,      session->memory.model_room, usage.stack_bytes,
        usage.stack_used,          usage.flash_bytes,          usage.ram_bytes,
        session->frames_good,      session->frames_bad,        usage.received_bytes_lost,
        session->inferences,
    };
    for (uint32_t i = 0; i < 13; i++)
        tg_put32(reply_payload(session) + 4 * i, values[i]);
    answer(session, request, TG_STATS_REPLY, TG_STATS_BYTES);
}

typedef struct {
    tg_session *session;
    const tg_frame *request;
} tracing;

static void send_operator(void *context, uint32_t index, uint32_t builtin_code, uint32_t output_bytes, uint32_t crc32) {
    const tracing *trace = context;
    uint8_t body[TG_OVERHEAD_BYTES + TG_TRACE_OPERATOR_BYTES];
    uint8_t *payload = body + TG_HEADER_BYTES;
    tg_put32(payload, index);
    tg_put32(payload + 4, builtin_code);
    tg_put32(payload + 8, output_bytes);
    tg_put32(payload + 12, crc32);
    tg_frame reply = {.type = TG_TRACE_OPERATOR,
                      .session = trace->request->session,
                      .sequence = trace->request->sequence,
                      .payload_bytes = TG_TRACE_OPERATOR_BYTES};
    send_body(trace->session, body, &reply);
}

static uint32_t infer(tg_session *session, const tg_frame *request, char *detail) {
    const tg_board *board = session->board;
    const tg_runtime *runtime = session->runtime;
    tracing trace = {session, request};
    tg_observer observer = {send_operator, &trace};
    if (session->model_state != TG_MODEL_LOADED) {
        memcpy(detail, session->failed_detail, TG_DETAIL_BYTES);
        return TG_NO_MODEL;
    }
    if (request->payload_bytes != session->info.input_bytes)
        return tg_bad_length(detail, "input", request->payload_bytes, session->info.input_bytes);
    session->answered_type = 0; /* the output is written over the reply that stood there */
    uint64_t start = board->ticks(board->context);
    uint32_t code =
        (uint32_t)runtime->infer(runtime->engine, request->payload, reply_payload(session) + TG_RESULT_HEADER_BYTES,
                                 request->type == TG_TRACE ? &observer : NULL);
    uint64_t ticks = board->ticks(board->context) - start;
    session->inferences++;
    tg_put32(reply_payload(session), (uint32_t)ticks);
    tg_put32(reply_payload(session) + 4, (uint32_t)(ticks >> 32));
    return code;
}

static void answer_inference(tg_session *session, const tg_frame *request, char *detail) {
    uint32_t code = infer(session, request, detail);
    if (code != TG_OK)
        send_error(session, request, code, detail);
    else
        answer(session, request, TG_RESULT, TG_RESULT_HEADER_BYTES + session->info.output_bytes);
    if (request->type == TG_TRACE)
        session->answered_type = 0; /* a repetition needs the operators too */
}

static uint32_t act(tg_session *session, const tg_frame *request, char *detail) {
    switch (request->type) {
    case TG_MODEL_BEGIN:
        return tg_model_begin(session, request->payload, request->payload_bytes, detail);
    case TG_MODEL_CHUNK:
        return tg_model_chunk(session, request->payload, request->payload_bytes, detail);
    case TG_MODEL_END:
        return tg_model_end(session, request->payload, request->payload_bytes, detail);
    case TG_ABORT:
    case TG_RESET:
        return TG_OK;
    default:
        return TG_BAD_TYPE;
    }
}

/* A failed MODEL_END leaves nothing to try again with: its repetition gets the first answer. */
static uint32_t act_once(tg_session *session, const tg_frame *request, char *detail) {
    if (session->failed_code != TG_OK && session->failed_sequence == request->sequence) {
        memcpy(detail, session->failed_detail, TG_DETAIL_BYTES);
        return session->failed_code;
    }
    uint32_t code = act(session, request, detail);
    if (code != TG_OK) {
        session->failed_code = code;
        session->failed_sequence = request->sequence;
        memcpy(session->failed_detail, detail, TG_DETAIL_BYTES);
    }
    return code;
}

static void act_and_answer(tg_session *session, const tg_frame *request, char *detail) {
    uint32_t code = act_once(session, request, detail);
    if (code != TG_OK)
        send_error(session, request, code, detail);
    else if (request->type == TG_MODEL_END)
        answer_model(session, request);
    else
        answer(session, request, TG_ACK, 0);
    if (request->type == TG_RESET)
        session->board->reset(session->board->context);
}

static void dispatch(tg_session *session, const tg_frame *request) {
    char detail[TG_DETAIL_BYTES] = "";
    if (request->type == TG_INFER || request->type == TG_TRACE)
        answer_inference(session, request, detail);
    else if (request->type == TG_STATS)
        answer_stats(session, request);
    else
        act_and_answer(session, request, detail);
}

static void handle(tg_session *session, const tg_frame *request) {
    session->frames_good++;
    if (request->type == TG_HELLO)
        greet(session, request);
    else if (request->session != session->id)
        send_error(session, request, TG_NO_SESSION, "greet first: the device was started anew, or another host came");
    else if (answered_before(session, request))
        tg_cobs_send(session->memory.reply, session->answered_bytes, session->board->send, session->board->context);
    else
        dispatch(session, request);
}

static void report_dropped(tg_session *session) {
    tg_frame unknown = {.session = session->id};
    session->frames_bad++;
    send_error(session, &unknown, TG_BAD_FRAME, "a frame was dropped");
}

static void act_on(tg_session *session, tg_frame_event event) {
    if (event == TG_FRAME_GOOD) {
        tg_frame request = tg_receiver_frame(&session->receiver);
        handle(session, &request);
    } else if (event == TG_FRAME_DROPPED && !(session->line.talking && session->line.ended)) {
        report_dropped(session); /* a frame behind the last command of a conversation is lost too */
    }
}

/* The 0x00 that ends a run ends a conversation too: what stood in the bodies is no longer its own. */
static void end_run(tg_session *session) {
    tg_command_line_end(&session->line);
    session->tensor = (tg_text_tensor){0};
}

static uint32_t feed_frame(tg_session *session, const uint8_t *bytes, uint32_t length) {
    tg_frame_event event;
    bool starting = session->line.seen < TG_RUN_START_BYTES;
    uint32_t taken = tg_receiver_take(&session->receiver, bytes, starting ? 1 : length, &event);
    act_on(session, event);
    if (bytes[taken - 1] == 0)
        end_run(session);
    else if (starting)
        tg_command_line_start(&session->line, bytes[0]);
    return taken;
}

/* Until a command was understood, the run may still be a frame, if of a type that this version does not know. */
static uint32_t feed_text(tg_session *session, const uint8_t *bytes, uint32_t length) {
    bool complete;
    tg_frame_event event;
    tg_command_line *line = &session->line;
    uint32_t taken = tg_command_line_take(line, bytes, length, &complete);
    if (!line->talking)
        (void)tg_receiver_take(&session->receiver, bytes, taken, &event);
    if (!complete)
        return taken;
    line->talking = line->talking || (!line->too_long && tg_mlperf_tiny_knows(line->command));
    if (line->talking)
        tg_mlperf_tiny_answer(session, line->too_long ? "too long" : line->command);
    return taken;
}

void tg_session_feed(tg_session *session, const uint8_t *bytes, uint32_t length) {
    while (length > 0) {
        bool text = session->line.text && bytes[0] != 0;
        uint32_t taken = text ? feed_text(session, bytes, length) : feed_frame(session, bytes, length);
        bytes += taken;
        length -= taken;
    }
}
