/* session.h: answers the requests of SPEC.md, and text commands (its section 9), with a board and an inference engine.
 *
 *     tg_session session;
 *     tg_session_start(&session, &memory, board, &runtime);
 *     for (;;)
 *         tg_session_feed(&session, bytes, board->receive(board->context, bytes, sizeof bytes));
 *
 * The caller owns all memory; nothing is allocated and nothing is global. A session never fails: whatever arrives is
 * answered or dropped.
 */
#ifndef TG_SESSION_H
#define TG_SESSION_H
#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "command_line.h"
#include "frame.h"
#include "mlperf_tiny.h"
#include "runtime.h"
#include "wire.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    uint8_t *request; /* one request; its payload is handed to the engine in place, 8 bytes behind this address */
    uint32_t request_bytes;
    uint8_t *reply; /* one reply; the engine writes its output 16 bytes behind this address */
    uint32_t reply_bytes;
    uint8_t *model; /* room for an uploaded model; NULL and 0: none */
    uint32_t model_room;
    const uint8_t *linked_model; /* in flash; NULL and 0: none */
    uint32_t linked_bytes;
    uint32_t arena_room; /* what the engine has, for the greeting */
    const char *engine;  /* its name, for the greeting */
} tg_memory;

enum { TG_SMALLEST_BODY = 192 }; /* of request and reply: a greeting fits */

typedef enum { TG_MODEL_NONE, TG_MODEL_ARRIVING, TG_MODEL_LOADED } tg_model_state;

typedef struct tg_session {
    tg_memory memory;
    const tg_board *board;
    const tg_runtime *runtime;
    tg_receiver receiver;
    uint16_t id;
    tg_model_state model_state;
    tg_model_origin origin;
    uint32_t model_bytes;
    uint8_t sha256[TG_SHA256_BYTES];
    uint8_t linked_sha256[TG_SHA256_BYTES];
    tg_model_info info;
    uint8_t answered_type; /* the request whose reply still stands in memory.reply; 0: none */
    uint32_t answered_sequence, answered_bytes;
    uint32_t failed_sequence, failed_code; /* the last failed model request, kept for a repetition; code 0: none */
    char failed_detail[TG_DETAIL_BYTES];
    uint32_t frames_good, frames_bad, inferences;
    tg_command_line line;
    tg_text_tensor tensor;
} tg_session;

/* Loads the linked model, if there is one. Both bodies have at least TG_SMALLEST_BODY bytes and are aligned to 8. */
void tg_session_start(tg_session *session, const tg_memory *memory, const tg_board *board, const tg_runtime *runtime);

/* Takes received bytes and answers every request they complete, computing as it goes. */
void tg_session_feed(tg_session *session, const uint8_t *bytes, uint32_t length);

#ifdef __cplusplus
}
#endif
#endif
