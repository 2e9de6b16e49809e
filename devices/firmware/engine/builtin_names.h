/* builtin_names.h: the schema's name of every builtin operator, so that a missing one can be named. */
#ifndef TG_BUILTIN_NAMES_H
#define TG_BUILTIN_NAMES_H
#include <stdint.h>

/* "UNKNOWN" for codes the schema does not have. */
const char *tg_builtin_name(int32_t builtin);
#endif
