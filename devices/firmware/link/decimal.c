#include "decimal.h"

#include <string.h>

enum { MANTISSA_BITS = 23, EXPONENT_BIAS = 150, LONGEST_SHIFT = 63 };

static uint32_t put_digits(uint64_t number, uint32_t least, char *text) {
    char reversed[20];
    uint32_t count = 0;
    while (number > 0 || count < least) {
        reversed[count++] = (char)('0' + (char)(number % 10u));
        number /= 10u;
    }
    for (uint32_t i = 0; i < count; i++)
        text[i] = reversed[count - 1 - i];
    text[count] = '\0';
    return count;
}

/* |value| * 1000, rounded half to even: a float is a whole number times a power of two, so nothing is lost before. */
static uint64_t thousandths(uint32_t bits) {
    uint32_t exponent = bits >> MANTISSA_BITS & 0xFFu;
    uint64_t scaled = (uint64_t)((bits & 0x7FFFFFu) | (exponent > 0 ? 1u << MANTISSA_BITS : 0u)) * 1000u;
    int32_t shift = EXPONENT_BIAS - (int32_t)(exponent > 0 ? exponent : 1);
    if (shift <= 0)
        return scaled << -shift;
    if (shift > LONGEST_SHIFT)
        return 0;
    uint64_t whole = scaled >> shift, rest = scaled - (whole << shift), half = (uint64_t)1 << (shift - 1);
    return whole + (rest > half || (rest == half && (whole & 1u) != 0));
}

uint32_t tg_decimal3(float value, char text[TG_DECIMAL_BYTES]) {
    uint32_t bits, length = 0;
    memcpy(&bits, &value, sizeof bits);
    if (bits >> 31 != 0)
        text[length++] = '-';
    length += put_digits(thousandths(bits), 4, text + length);
    memmove(text + length - 2, text + length - 3, 4); /* three digits and the NUL */
    text[length - 3] = '.';
    return length + 1;
}

uint32_t tg_decimal(uint32_t number, char text[TG_DECIMAL_BYTES]) {
    return put_digits(number, 1, text);
}
