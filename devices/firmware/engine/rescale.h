/* rescale.h: integers of one scale to integers of another. */
#ifndef TG_RESCALE_H
#define TG_RESCALE_H
#include "loader.h"

/* int8 to int8, int16 or int32; int16 or int32 to int8. Run by tg_run_rescale. */
bool tg_prepare_rescale(tg_loader *loader, const tg_tensor *input, const tg_tensor *output);
#endif
