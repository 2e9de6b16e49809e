"""The numbers of the protocol: message types, error codes, counter kinds."""

from enum import IntEnum


class Message(IntEnum):
    """Types of messages, SPEC.md section 3."""

    HELLO = 0x01
    MODEL_BEGIN = 0x02
    MODEL_CHUNK = 0x03
    MODEL_END = 0x04
    INFER = 0x05
    TRACE = 0x06
    STATS = 0x07
    ABORT = 0x08
    RESET = 0x09
    ACK = 0x80
    GREETING = 0x81
    MODEL_INFO = 0x84
    RESULT = 0x85
    TRACE_OPERATOR = 0x86
    STATS_REPLY = 0x87
    ERROR = 0xFF


REPLY_TO = {
    Message.HELLO: Message.GREETING,
    Message.MODEL_BEGIN: Message.ACK,
    Message.MODEL_CHUNK: Message.ACK,
    Message.MODEL_END: Message.MODEL_INFO,
    Message.INFER: Message.RESULT,
    Message.TRACE: Message.RESULT,
    Message.STATS: Message.STATS_REPLY,
    Message.ABORT: Message.ACK,
    Message.RESET: Message.ACK,
}


class ErrorCode(IntEnum):
    """Codes of ERROR messages; 1..31 protocol, 32..63 model, 64 and up engine."""

    BAD_FRAME = 1
    NO_SESSION = 2
    BAD_TYPE = 3
    BAD_LENGTH = 4
    BAD_STATE = 5
    BAD_RANGE = 6
    MODEL_MALFORMED = 32
    MODEL_UNSUPPORTED = 33
    MODEL_TOO_LARGE = 34
    ARENA_TOO_SMALL = 35
    MODEL_REFUSED = 36
    MODEL_HASH = 37
    NO_MODEL = 38
    SAMPLE_TOO_LARGE = 39
    INFER_FAILED = 64


class Counter(IntEnum):
    """What counts the ticks of a RESULT."""

    NONE = 0
    CORE_CYCLES = 1
    BOARD_TIMER = 2
    SYSTICK = 3


class ModelOrigin(IntEnum):
    """Where the model that a device holds comes from."""

    NONE = 0
    UPLOADED = 1
    FLASH = 2


def error_name(code: int) -> str:
    """Return the name of an error code, or its range where this version does not know it."""
    try:
        return ErrorCode(code).name
    except ValueError:
        kind = "protocol" if code < 32 else "model" if code < 64 else "engine"  # noqa: PLR2004
        return f"{kind} error {code}"
