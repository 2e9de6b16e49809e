/* model_store.h: the part of a session that receives, checks and loads a model (SPEC.md, section 4).
 *
 * Each call returns TG_OK or the code of the ERROR to answer, with its text in `detail` (TG_DETAIL_BYTES).
 * After an error of tg_model_end no model is loaded; after one of the others it is what it was, except that an
 * announced upload has replaced it. The model linked into flash is loaded again when it is announced or its upload
 * ended.
 */
#ifndef TG_MODEL_STORE_H
#define TG_MODEL_STORE_H
#include "session.h"

#ifdef __cplusplus
extern "C" {
#endif

uint32_t tg_model_begin(tg_session *session, const uint8_t *payload, uint32_t length, char *detail);
uint32_t tg_model_chunk(tg_session *session, const uint8_t *payload, uint32_t length, char *detail);
uint32_t tg_model_end(tg_session *session, const uint8_t *payload, uint32_t length, char *detail);

/* Hashes the linked model and loads it, if there is one; a failure stands in session->failed_detail. */
void tg_model_start(tg_session *session);

/* Starts the text of a length error: "<what> of <got> bytes, <expected> expected". Returns TG_BAD_LENGTH. */
uint32_t tg_bad_length(char *detail, const char *what, uint32_t got, uint32_t expected);

#ifdef __cplusplus
}
#endif
#endif
