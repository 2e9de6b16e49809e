/* model_store.h: the part of a session that receives, checks and loads a model (SPEC.md, section 4).
 *
 * Each call returns TG_OK or the code of the ERROR to answer, with its text in `detail` (TG_DETAIL_BYTES).
 * After an error of tg_model_end the session holds no model; after one of the others its model is what it was,
 * except that an announced upload has replaced it.
 */
#ifndef TG_MODEL_STORE_H
#define TG_MODEL_STORE_H
#include "session.h"

uint32_t tg_model_begin(tg_session *session, const uint8_t *payload, uint32_t length, char *detail);
uint32_t tg_model_chunk(tg_session *session, const uint8_t *payload, uint32_t length, char *detail);
uint32_t tg_model_end(tg_session *session, const uint8_t *payload, uint32_t length, char *detail);
void tg_model_load_linked(tg_session *session);

/* Starts the text of a length error: "<what> of <got> bytes, <expected> expected". Returns TG_BAD_LENGTH. */
uint32_t tg_bad_length(char *detail, const char *what, uint32_t got, uint32_t expected);
#endif
