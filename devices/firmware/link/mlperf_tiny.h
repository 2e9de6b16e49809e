/* mlperf_tiny.h: the device's side of the MLPerf Tiny text protocol (SPEC.md, section 9).
 *
 * The tensor stands in the body of the session's request, the output in that of its reply; both are lost with the next
 * frame.
 */
#ifndef TG_MLPERF_TINY_H
#define TG_MLPERF_TINY_H
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tg_session;

typedef struct {
    uint32_t expected_bytes, held_bytes; /* of the tensor; expected 0: none was announced */
    bool inferred;                       /* an output stands in the reply's body */
} tg_text_tensor;

/* Whether `command`, NUL-terminated, is well-formed; only such a one begins a conversation. */
bool tg_mlperf_tiny_knows(const char *command);

/* Answers `command`, with an error line where it is none, and ends with m-ready. */
void tg_mlperf_tiny_answer(struct tg_session *session, const char *command);

#ifdef __cplusplus
}
#endif
#endif
