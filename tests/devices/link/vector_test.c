/* Runs devices/protocol/vectors.txt through the C frame code: vector_test PATH */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crc32.h"
#include "frame.h"
#include "sha256.h"
#include "wire.h"

enum { LARGEST_PAYLOAD = 131072, ROOM = 1 << 20, MOST_FRAMES = 64, LINE_BYTES = 1 << 14 };

typedef struct {
    uint8_t *bytes;
    uint32_t length;
} blob;

typedef struct {
    char name[64];
    tg_frame frame;
    blob payload, wire;
} known_frame;

static known_frame known[MOST_FRAMES];
static uint32_t known_count;
static int checks, failures;

static void check(int holds, const char *kind, const char *name) {
    checks++;
    if (!holds) {
        failures++;
        fprintf(stderr, "vector %s %s fails\n", kind, name);
    }
}

static const known_frame *find_frame(const char *name) {
    for (uint32_t i = 0; i < known_count; i++)
        if (strcmp(known[i].name, name) == 0)
            return &known[i];
    fprintf(stderr, "no frame %s\n", name);
    exit(2);
}

static void append(blob *to, const void *bytes, uint32_t length) {
    if (length > ROOM - to->length)
        exit(3);
    if (length > 0)
        memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static void append_part(blob *to, const char *part) {
    unsigned start, count, value;
    if (part[0] == '@') {
        const known_frame *frame = find_frame(part + 1);
        append(to, frame->wire.bytes, frame->wire.length);
    } else if (sscanf(part, "ramp:%x:%u", &start, &count) == 2) {
        for (unsigned i = 0; i < count; i++)
            append(to, &(uint8_t){(uint8_t)(start + i)}, 1);
    } else if (sscanf(part, "fill:%x:%u", &start, &count) == 2) {
        for (unsigned i = 0; i < count; i++)
            append(to, &(uint8_t){(uint8_t)start}, 1);
    } else if (strcmp(part, "-") != 0) {
        for (; sscanf(part, "%2x", &value) == 1; part += 2)
            append(to, &(uint8_t){(uint8_t)value}, 1);
    }
}

static blob parse(const char *text) {
    char copy[LINE_BYTES];
    blob out = {calloc(ROOM, 1), 0};
    strncpy(copy, text, sizeof copy - 1);
    copy[sizeof copy - 1] = '\0';
    for (char *at = copy, *end; at != NULL; at = end) {
        end = strchr(at, '+');
        if (end != NULL)
            *end++ = '\0';
        append_part(&out, at);
    }
    return out;
}

static void collect(void *context, const uint8_t *wire, uint32_t length) {
    append(context, wire, length);
}

static int same(blob a, const uint8_t *bytes, uint32_t length) {
    return a.length == length && memcmp(a.bytes, bytes, length) == 0;
}

static int same_frame(const tg_frame *got, const known_frame *want) {
    return got->type == want->frame.type && got->session == want->frame.session &&
           got->sequence == want->frame.sequence && same(want->payload, got->payload, got->payload_bytes);
}

static void test_crc(char **word) {
    blob bytes = parse(word[1]);
    check(tg_crc32(0, bytes.bytes, bytes.length) == strtoul(word[2], NULL, 16), "crc", word[0]);
    uint32_t half = bytes.length / 2;
    uint32_t first = tg_crc32(0, bytes.bytes, half);
    check(tg_crc32(first, bytes.bytes + half, bytes.length - half) == strtoul(word[2], NULL, 16), "split crc", word[0]);
    free(bytes.bytes);
}

static void test_cobs(char **word) {
    blob body = parse(word[1]), block = parse(word[2]), wire = {calloc(ROOM, 1), 0};
    tg_cobs_send(body.bytes, body.length, collect, &wire);
    check(wire.length == block.length + 1 && memcmp(wire.bytes, block.bytes, block.length) == 0 &&
              wire.bytes[block.length] == 0,
          "cobs", word[0]);
    free(body.bytes);
    free(block.bytes);
    free(wire.bytes);
}

static int same_wire(blob wire, const char *text) {
    unsigned crc, length;
    if (sscanf(text, "crc32:%x:%u", &crc, &length) == 2)
        return wire.length == length && tg_crc32(0, wire.bytes, length) == crc;
    blob want = parse(text);
    int holds = same(want, wire.bytes, wire.length);
    free(want.bytes);
    return holds;
}

static void test_frame(char **word) {
    known_frame *frame = &known[known_count++];
    strncpy(frame->name, word[0], sizeof frame->name - 1);
    frame->payload = parse(word[4]);
    frame->wire = (blob){calloc(ROOM, 1), 0};
    frame->frame = (tg_frame){.type = (uint8_t)strtoul(word[1], NULL, 16),
                              .session = (uint16_t)strtoul(word[2], NULL, 16),
                              .sequence = (uint32_t)strtoul(word[3], NULL, 16),
                              .payload_bytes = frame->payload.length};
    uint8_t *body = malloc(frame->payload.length + TG_OVERHEAD_BYTES);
    memcpy(body + TG_HEADER_BYTES, frame->payload.bytes, frame->payload.length);
    tg_frame_send(body, &frame->frame, collect, &frame->wire);
    check(same_wire(frame->wire, word[5]), "frame", word[0]);
    free(body);
}

/* Feeds the stream `step` bytes at a time, each from an allocation of its own so that a read past its end is seen. */
static void test_stream_by(char **word, blob stream, uint32_t step) {
    uint8_t *body = malloc(LARGEST_PAYLOAD + TG_OVERHEAD_BYTES);
    tg_receiver receiver;
    uint32_t event_index = 1;
    int holds = 1;
    tg_receiver_init(&receiver, body, LARGEST_PAYLOAD + TG_OVERHEAD_BYTES);
    for (uint32_t at = 0; at < stream.length; at += step) {
        uint32_t length = stream.length - at < step ? stream.length - at : step, taken = 0;
        uint8_t *part = malloc(length);
        memcpy(part, stream.bytes + at, length);
        while (taken < length) {
            tg_frame_event event;
            taken += tg_receiver_take(&receiver, part + taken, length - taken, &event);
            if (event == TG_FRAME_PARTIAL)
                continue;
            const char *want = word[++event_index];
            tg_frame frame = event == TG_FRAME_GOOD ? tg_receiver_frame(&receiver) : (tg_frame){0};
            holds = holds && want != NULL && (strcmp(want, "bad") == 0) == (event == TG_FRAME_DROPPED) &&
                    (event == TG_FRAME_DROPPED || same_frame(&frame, find_frame(want)));
        }
        free(part);
    }
    check(holds && word[event_index + 1] == NULL, "stream", word[0]);
    free(body);
}

static void test_stream(char **word) {
    blob stream = parse(word[1]);
    static const uint32_t steps[] = {1, 7, 4096, 1u << 20};
    for (uint32_t i = 0; i < 4; i++)
        test_stream_by(word, stream, steps[i]);
    free(stream.bytes);
}

static void test_broken(char **word) {
    blob block = parse(word[1]);
    uint8_t body[256];
    tg_receiver receiver;
    tg_frame_event event;
    int good = 0;
    tg_receiver_init(&receiver, body, sizeof body);
    append(&block, "", 1);
    for (uint32_t at = 0; at < block.length;) {
        at += tg_receiver_take(&receiver, block.bytes + at, block.length - at, &event);
        good += event == TG_FRAME_GOOD;
    }
    check(good == 0, "broken", word[0]);
    free(block.bytes);
}

static void test_sha256(void) {
    static const uint8_t empty[4] = {0xE3, 0xB0, 0xC4, 0x42}, abc[4] = {0xBA, 0x78, 0x16, 0xBF},
                         million_a[4] = {0xCD, 0xC7, 0x6E, 0x5C}, two_blocks[4] = {0x24, 0x8D, 0x6A, 0x61};
    uint8_t digest[32], *many = malloc(1000000);
    const char *text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    tg_sha256((const uint8_t *)"", 0, digest);
    check(memcmp(digest, empty, 4) == 0, "sha256", "empty");
    tg_sha256((const uint8_t *)"abc", 3, digest);
    check(memcmp(digest, abc, 4) == 0, "sha256", "abc");
    tg_sha256((const uint8_t *)text, 56, digest);
    check(memcmp(digest, two_blocks, 4) == 0, "sha256", "two blocks");
    memset(many, 'a', 1000000);
    tg_sha256(many, 1000000, digest);
    check(memcmp(digest, million_a, 4) == 0, "sha256", "a million a");
    free(many);
}

static void run_line(char *line) {
    static const struct {
        const char *kind;
        void (*run)(char **words);
    } kinds[] = {{"crc", test_crc},
                 {"cobs", test_cobs},
                 {"frame", test_frame},
                 {"stream", test_stream},
                 {"broken", test_broken}};
    char *word[32] = {0};
    uint32_t count = 0;
    for (char *at = strtok(line, " \n"); at != NULL && count < 31; at = strtok(NULL, " \n"))
        word[count++] = at;
    for (uint32_t i = 0; count > 0 && i < 5; i++)
        if (strcmp(word[0], kinds[i].kind) == 0)
            kinds[i].run(word + 1);
}

int main(int argc, char **argv) {
    static char line[LINE_BYTES];
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (file == NULL)
        return 2;
    while (fgets(line, sizeof line, file) != NULL)
        run_line(line);
    fclose(file);
    test_sha256();
    for (uint32_t i = 0; i < known_count; i++) {
        free(known[i].payload.bytes);
        free(known[i].wire.bytes);
    }
    printf("%d checks, %d failures\n", checks, failures);
    return failures > 0 || checks == 0;
}
