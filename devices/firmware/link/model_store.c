#include "model_store.h"

#include <string.h>

#include "sha256.h"
#include "text.h"

uint32_t tg_bad_length(char *detail, const char *what, uint32_t got, uint32_t expected) {
    tg_text text = tg_text_start(detail, TG_DETAIL_BYTES);
    tg_text_add(&text, what);
    tg_text_add(&text, " of ");
    tg_text_add_number(&text, got);
    tg_text_add(&text, " bytes, ");
    tg_text_add_number(&text, expected);
    tg_text_add(&text, " expected");
    return TG_BAD_LENGTH;
}

static bool is_model(const tg_session *session, const uint8_t *sha256) {
    return session->model_state != TG_MODEL_NONE && memcmp(session->sha256, sha256, TG_SHA256_BYTES) == 0;
}

static void forget_model(tg_session *session) {
    session->model_state = TG_MODEL_NONE;
    session->origin = TG_ORIGIN_NONE;
    session->model_bytes = 0;
    memset(session->sha256, 0, sizeof session->sha256);
    memset(&session->info, 0, sizeof session->info);
}

static uint32_t too_large(const tg_session *session, uint32_t size, char *detail) {
    tg_text text = tg_text_start(detail, TG_DETAIL_BYTES);
    tg_text_add(&text, "model of ");
    tg_text_add_number(&text, size);
    tg_text_add(&text, " bytes, room for ");
    tg_text_add_number(&text, session->memory.model_room);
    tg_text_add(&text, ": ");
    tg_text_add_number(&text, size - session->memory.model_room);
    tg_text_add(&text, " bytes too many");
    return TG_MODEL_TOO_LARGE;
}

static uint32_t check_frames(const tg_session *session, char *detail) {
    uint32_t input_room = session->memory.request_bytes - TG_OVERHEAD_BYTES;
    uint32_t output_room = session->memory.reply_bytes - TG_OVERHEAD_BYTES - TG_RESULT_HEADER_BYTES;
    bool input_fits = session->info.input_bytes <= input_room;
    if (input_fits && session->info.output_bytes <= output_room)
        return TG_OK;
    tg_text text = tg_text_start(detail, TG_DETAIL_BYTES);
    tg_text_add(&text, input_fits ? "output of " : "input of ");
    tg_text_add_number(&text, input_fits ? session->info.output_bytes : session->info.input_bytes);
    tg_text_add(&text, " bytes, a frame holds ");
    tg_text_add_number(&text, input_fits ? output_room : input_room);
    return TG_SAMPLE_TOO_LARGE;
}

static uint32_t load(tg_session *session, const uint8_t *model, tg_model_origin origin, char *detail) {
    const tg_runtime *runtime = session->runtime;
    memset(&session->info, 0, sizeof session->info);
    uint32_t code = (uint32_t)runtime->load(runtime->engine, model, session->model_bytes, &session->info);
    if (code != TG_OK)
        memcpy(detail, session->info.detail, TG_DETAIL_BYTES);
    else
        code = check_frames(session, detail);
    if (code != TG_OK) {
        forget_model(session);
        return code;
    }
    session->model_state = TG_MODEL_LOADED;
    session->origin = origin;
    return TG_OK;
}

static bool is_linked(const tg_session *session, const uint8_t *sha256) {
    return session->memory.linked_bytes > 0 && memcmp(session->linked_sha256, sha256, TG_SHA256_BYTES) == 0;
}

static uint32_t load_linked(tg_session *session, char *detail) {
    session->model_bytes = session->memory.linked_bytes;
    memcpy(session->sha256, session->linked_sha256, TG_SHA256_BYTES);
    return load(session, session->memory.linked_model, TG_ORIGIN_FLASH, detail);
}

void tg_model_start(tg_session *session) {
    const tg_memory *memory = &session->memory;
    forget_model(session);
    if (memory->linked_bytes == 0)
        return;
    tg_sha256(memory->linked_model, memory->linked_bytes, session->linked_sha256);
    (void)load_linked(session, session->failed_detail);
}

/* Also where there is no room for models at all, and so no address to write to. */
static uint32_t empty_model(char *detail) {
    tg_text text = tg_text_start(detail, TG_DETAIL_BYTES);
    tg_text_add(&text, "model of 0 bytes");
    return TG_MODEL_MALFORMED;
}

uint32_t tg_model_begin(tg_session *session, const uint8_t *payload, uint32_t length, char *detail) {
    if (length < 4 + TG_SHA256_BYTES)
        return tg_bad_length(detail, "MODEL_BEGIN", length, 4 + TG_SHA256_BYTES);
    uint32_t size = tg_get32(payload);
    if (is_model(session, payload + 4) && session->model_bytes == size)
        return TG_OK;
    if (is_linked(session, payload + 4))
        return load_linked(session, detail);
    if (size == 0)
        return empty_model(detail);
    if (size > session->memory.model_room)
        return too_large(session, size, detail);
    forget_model(session);
    session->model_state = TG_MODEL_ARRIVING;
    session->model_bytes = size;
    memcpy(session->sha256, payload + 4, TG_SHA256_BYTES);
    return TG_OK;
}

static uint32_t out_of_range(uint32_t offset, uint32_t bytes, uint32_t size, char *detail) {
    tg_text text = tg_text_start(detail, TG_DETAIL_BYTES);
    tg_text_add(&text, "chunk of ");
    tg_text_add_number(&text, bytes);
    tg_text_add(&text, " bytes at ");
    tg_text_add_number(&text, offset);
    tg_text_add(&text, " in a model of ");
    tg_text_add_number(&text, size);
    return TG_BAD_RANGE;
}

static uint32_t no_upload(char *detail) {
    tg_text text = tg_text_start(detail, TG_DETAIL_BYTES);
    tg_text_add(&text, "no upload of this model was begun");
    return TG_BAD_STATE;
}

uint32_t tg_model_chunk(tg_session *session, const uint8_t *payload, uint32_t length, char *detail) {
    if (length < TG_CHUNK_HEADER_BYTES)
        return tg_bad_length(detail, "MODEL_CHUNK", length, TG_CHUNK_HEADER_BYTES);
    uint32_t offset = tg_get32(payload + 4), bytes = length - TG_CHUNK_HEADER_BYTES;
    if (session->model_state == TG_MODEL_NONE || memcmp(session->sha256, payload, 4) != 0)
        return no_upload(detail);
    if (offset > session->model_bytes || bytes > session->model_bytes - offset)
        return out_of_range(offset, bytes, session->model_bytes, detail);
    if (session->model_state == TG_MODEL_ARRIVING)
        memcpy(session->memory.model + offset, payload + TG_CHUNK_HEADER_BYTES, bytes);
    return TG_OK;
}

uint32_t tg_model_end(tg_session *session, const uint8_t *payload, uint32_t length, char *detail) {
    uint8_t digest[TG_SHA256_BYTES];
    if (length < TG_SHA256_BYTES)
        return tg_bad_length(detail, "MODEL_END", length, TG_SHA256_BYTES);
    if (is_model(session, payload) && session->model_state == TG_MODEL_LOADED)
        return TG_OK;
    if (is_linked(session, payload))
        return load_linked(session, detail);
    if (!is_model(session, payload))
        return no_upload(detail);
    tg_sha256(session->memory.model, session->model_bytes, digest);
    if (memcmp(digest, session->sha256, sizeof digest) == 0)
        return load(session, session->memory.model, TG_ORIGIN_UPLOADED, detail);
    forget_model(session);
    tg_text text = tg_text_start(detail, TG_DETAIL_BYTES);
    tg_text_add(&text, "the received bytes have another sha256");
    return TG_MODEL_HASH;
}
