"""The payloads of the messages: exact bytes, round trips, hostile lengths."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol import codes, messages

GREETING = messages.Greeting(
    counter=codes.Counter.BOARD_TIMER,
    model_origin=codes.ModelOrigin.UPLOADED,
    credits=8,
    core_hz=25_000_000,
    counter_hz=24_999_999,
    max_request_bytes=131_072,
    max_reply_bytes=65_536,
    window_bytes=160_000,
    model_room_bytes=8 << 20,
    arena_room_bytes=6 << 20,
    model_bytes=12_345,
    model_sha256=bytes(range(32)),
    board="mps2-an386",
    core="cortex-m4f",
    firmware="1.2.3",
    engine="tinygate",
    unique_id=bytes(range(16)),
)
RECORDS: list[Any] = [
    GREETING,
    messages.Hello(1, 0),
    messages.ModelBegin(70_000, bytes(range(32))),
    messages.ModelChunk(0x12345678, 4096, b"weights"),
    messages.ModelInfo(3072, 10, 12_084, 11_000, 14),
    messages.Result((1 << 40) + 5, b"\x80\x01"),
    messages.TraceOperator(3, 3, 4096, 0xCBF43926),
    messages.Stats(*range(100, 113)),
    messages.Error(codes.ErrorCode.MODEL_TOO_LARGE, "1,024 bytes too many"),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_message_survives_packing(record: Any) -> None:
    assert type(record).unpack(record.pack()) == record


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_message_that_is_cut_short_is_a_value_error(record: Any) -> None:
    payload = record.pack()
    kind = type(record)
    fixed = {"ModelChunk": 8, "Result": 8, "Error": 4}.get(kind.__name__, len(payload))
    for length in range(fixed):
        with pytest.raises(ValueError, match=f"has {length} bytes, at least {fixed} expected"):
            kind.unpack(payload[:length])


def test_fields_that_a_later_minor_version_adds_are_ignored() -> None:
    assert messages.Greeting.unpack(GREETING.pack() + b"later") == GREETING
    assert messages.Stats.unpack(messages.Stats(*range(13)).pack() + b"later").inferences == 12


def test_the_greeting_lies_at_the_offsets_of_the_specification() -> None:
    payload = GREETING.pack()
    assert len(payload) == 160
    assert payload[:6] == bytes([1, 0, 2, 1, 8, 0])
    assert payload[8:12] == (25_000_000).to_bytes(4, "little")
    assert payload[16:20] == (131_072).to_bytes(4, "little")
    assert payload[36:40] == (12_345).to_bytes(4, "little")
    assert payload[40:72] == bytes(range(32))
    assert payload[72:82] == b"mps2-an386"
    assert payload[96:106] == b"cortex-m4f"
    assert payload[112:117] == b"1.2.3"
    assert payload[128:136] == b"tinygate"
    assert messages.greeting_version(payload) == (1, 0)


@pytest.mark.parametrize("limit", ["credits", "max_request_bytes", "max_reply_bytes"])
def test_a_greeting_with_no_room_is_refused(limit: str) -> None:
    with pytest.raises(ValueError, match="at least 1, 64 and 64"):
        messages.Greeting.unpack(replace(GREETING, **{limit: 0}).pack())


def test_control_characters_of_a_hostile_device_do_not_reach_the_terminal() -> None:
    payload = messages.Error(33, "\x1b[2Jred\nline").pack()
    assert messages.Error.unpack(payload).detail == "?[2Jred?line"


@given(st.binary(max_size=200), st.sampled_from([type(record) for record in RECORDS]))
def test_arbitrary_payloads_raise_nothing_but_value_errors(payload: bytes, kind: Any) -> None:
    try:
        kind.unpack(payload)
    except ValueError as error:
        assert str(error)


def test_unknown_error_codes_are_named_by_their_range() -> None:
    names = [codes.error_name(code) for code in (1, 20, 50, 37, 64, 999)]
    assert names == [
        *("BAD_FRAME", "protocol error 20", "model error 50"),
        *("MODEL_HASH", "INFER_FAILED", "engine error 999"),
    ]
