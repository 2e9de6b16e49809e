/* tg_decimal3 against the C library's %0.3f: every int8 code less every kind of
 * zero point, over many scales. */
#include "decimal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static unsigned long checks, failures;

static void check(float value) {
  char got[TG_DECIMAL_BYTES], want[64];
  uint32_t length = tg_decimal3(value, got);
  int expected = snprintf(want, sizeof want, "%0.3f", (double)value);
  checks++;
  if (strcmp(got, want) != 0 || length != (uint32_t)expected) {
    failures++;
    fprintf(stderr, "%a: %s, expected %s\n", (double)value, got, want);
  }
}

static void check_codes(float scale) {
  for (int code = -255; code <= 255; code++)
    check((float)code * scale);
}

int main(void) {
  uint32_t state = 1;
  for (int exponent = -140; exponent <= 22;
       exponent++) /* ties of three decimals among them */
    check_codes(ldexpf(1.0f, exponent));
  for (int i = 0; i < 4000; i++) {
    state = state * 1664525u + 1013904223u;
    check_codes(
        ldexpf(1.0f + (float)(state >> 9) * 0x1p-23f, (int)(state % 40u) - 20));
  }
  const float edges[] = {0.0f,      -0.0f,         0.0005f,
                         0.0625f,   0.9995f,       0.99949995f,
                         999.9995f, 2147483520.0f, -2147483520.0f};
  for (unsigned i = 0; i < sizeof edges / sizeof edges[0]; i++)
    check(edges[i]);
  printf("%lu checks, %lu failures\n", checks, failures);
  return failures > 0;
}
