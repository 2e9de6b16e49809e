"""What every device does, in memory, in C on the host, and in an emulator."""

import hashlib
import random
from collections.abc import Callable, Iterator

import pytest

from devices.client import Device
from devices.errors import BoardError, Refused
from devices.fake import ChecksumEngine, fake_model
from devices.links.link import Link
from devices.protocol import frames
from devices.protocol.codes import ErrorCode, Message, ModelOrigin
from devices.protocol.frames import BadFrame, Frame
from devices.protocol.messages import Error, ModelBegin, ModelChunk, model_tag

MODEL = fake_model(300, 10, 5, bytes(range(256)) * 40)
INFO = ChecksumEngine().load(MODEL)


@pytest.fixture
def device(any_link: Callable[[], Link]) -> Iterator[Device]:
    with Device(any_link(), timeout_s=5) as opened:
        yield opened


def samples(count: int, size: int = 300) -> list[bytes]:
    source = random.Random(7)  # noqa: S311 - seeded test data
    return [source.randbytes(size) for _ in range(count)]


def expected(batch: list[bytes]) -> list[bytes]:
    engine = ChecksumEngine()
    engine.load(MODEL)
    return [engine.infer(sample) for sample in batch]


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        call()
    assert "\n" not in str(caught.value)
    return caught.value.code, str(caught.value)


def test_the_greeting_says_who_is_there(device: Device) -> None:
    greeting = device.greeting
    assert greeting.board
    assert greeting.core
    assert greeting.firmware
    assert greeting.engine == "checksum"
    assert (greeting.model_origin, greeting.model_bytes) == (ModelOrigin.NONE, 0)
    assert greeting.model_sha256 == bytes(32)
    assert greeting.window_bytes >= 2 * 300


def test_a_model_is_loaded_and_named_by_its_hash(device: Device) -> None:
    info = device.load(MODEL)
    assert (info.input_bytes, info.output_bytes, info.operators) == (300, 10, 5)
    assert device.greeting.model_sha256 == hashlib.sha256(MODEL).digest()
    assert device._greet().model_sha256 == hashlib.sha256(MODEL).digest()


def test_a_model_that_is_held_is_not_sent_again(device: Device) -> None:
    device.load(MODEL)
    before = device.stats().frames_good
    assert device.load(MODEL).input_bytes == 300
    assert device.stats().frames_good - before == 2


def test_every_sample_is_answered_once_with_its_own_output(device: Device) -> None:
    device.load(MODEL)
    batch = samples(200)
    answers = list(device.infer(batch))
    assert [answer.index for answer in answers] == list(range(200))
    assert [answer.output for answer in answers] == expected(batch)
    assert device.stats().inferences == 200
    assert device.repeats == 0


def test_samples_are_drawn_no_faster_than_the_device_takes_them(device: Device) -> None:
    device.load(MODEL)
    drawn = 0

    def generate() -> Iterator[bytes]:
        nonlocal drawn
        for sample in samples(50):
            drawn += 1
            yield sample

    for answer in device.infer(generate()):
        assert drawn <= answer.index + 2 * device.greeting.credits + 1


def test_results_that_nobody_waits_for_do_not_reach_the_next_batch(device: Device) -> None:
    device.load(MODEL)
    first, second = samples(40), samples(60)[40:]
    for _ in device.infer(first):
        break
    assert [answer.output for answer in device.infer(second)] == expected(second)


def test_a_model_replaces_another(device: Device) -> None:
    device.load(fake_model(10, 4, 1))
    device.load(MODEL)
    batch = samples(3)
    assert [answer.output for answer in device.infer(batch)] == expected(batch)


def test_an_upload_over_a_model_that_is_half_there_starts_clean(device: Device) -> None:
    other = fake_model(10, 4, 1, b"x" * 9000)
    device._model = other
    chunks = device._chunks(int.from_bytes(hashlib.sha256(other).digest()[:4], "little"))
    begin = len(other).to_bytes(4, "little") + hashlib.sha256(other).digest()
    device._exchange.one(Message.MODEL_BEGIN, begin)
    device._exchange.one(*next(chunks)[1:])
    assert device.load(MODEL).input_bytes == 300


def test_a_trace_names_every_operator(device: Device) -> None:
    device.load(MODEL)
    (sample,) = samples(1)
    trace = device.trace(sample)
    engine = ChecksumEngine()
    engine.load(MODEL)
    assert list(trace.operators) == engine.trace(sample)
    assert trace.output == engine.infer(sample)


def test_a_malformed_model_is_refused_and_none_is_held(device: Device) -> None:
    code, text = refusal(lambda: device.load(b"garbage" * 100))
    assert code == ErrorCode.MODEL_MALFORMED
    assert "no fake model" in text
    assert device._greet().model_bytes == 0


def test_a_model_that_is_too_large_says_by_how_many_bytes(device: Device) -> None:
    room = device.greeting.model_room_bytes
    code, text = refusal(lambda: device.load(bytes(room + 77)))
    assert code == ErrorCode.MODEL_TOO_LARGE
    assert "77 bytes too many" in text


def test_a_sample_of_the_wrong_size_is_refused_before_it_is_sent(device: Device) -> None:
    device.load(MODEL)
    batch = [*samples(3), b"short"]
    code, text = refusal(lambda: list(device.infer(batch)))
    assert code == ErrorCode.BAD_LENGTH
    assert "sample 3 has 5 bytes, the model's input 300" in text


def test_a_sample_without_a_model_is_refused(device: Device) -> None:
    code, _ = refusal(lambda: list(device.infer(samples(1))))
    assert code == ErrorCode.NO_MODEL


def test_an_unknown_request_and_a_wrong_length_are_coded_errors(device: Device) -> None:
    device.load(MODEL)
    code, text = refusal(lambda: device._exchange.one(Message.INFER, b"12"))
    assert code == ErrorCode.BAD_LENGTH
    assert "2 bytes, 300 expected" in text
    code, _ = refusal(lambda: device._exchange.one(Message.MODEL_END, bytes(32)))
    assert code == ErrorCode.BAD_STATE


def replies(device: Device, frame: Frame, times: int) -> list[Frame | BadFrame]:
    """Send one frame several times; return what comes back."""
    receiver, found = frames.Receiver(), []
    for _ in range(times):
        device.link.write(frames.encode(frame))
    while len(found) < times:
        data = device.link.read(3.0)
        assert data, f"{len(found)} of {times} replies came"
        found += receiver.feed(data)
    return found


def test_a_repeated_inference_gets_the_same_answer_again(device: Device) -> None:
    device.load(MODEL)
    (sample,) = samples(1)
    request = Frame(Message.INFER, device._exchange.session, 7000, sample)
    results = [item for item in replies(device, request, 3) if isinstance(item, Frame)]
    assert [(item.type, item.sequence) for item in results] == [(Message.RESULT, 7000)] * 3
    assert {item.payload[8:] for item in results} == {expected([sample])[0]}


def test_a_repeated_end_of_a_failed_upload_gets_the_first_error_again(device: Device) -> None:
    refusal(lambda: device.load(b"garbage" * 100))
    device._exchange.one(Message.ABORT)
    garbage = b"no model either"
    sha256 = hashlib.sha256(garbage).digest()
    session = device._exchange.session
    device._exchange.one(Message.MODEL_BEGIN, ModelBegin(len(garbage), sha256).pack())
    chunk = ModelChunk(model_tag(sha256), 0, garbage).pack()
    device._exchange.one(Message.MODEL_CHUNK, chunk)
    codes = []
    for sequence, times in ((8000, 3), (8001, 1)):
        request = Frame(Message.MODEL_END, session, sequence, sha256)
        for item in replies(device, request, times):
            assert isinstance(item, Frame)
            assert (item.type, item.sequence) == (Message.ERROR, sequence)
            codes.append(Error.unpack(item.payload).code)
    assert codes == [ErrorCode.MODEL_MALFORMED] * 3 + [ErrorCode.BAD_STATE]


def test_a_request_of_another_session_is_told_so_by_its_own_number(device: Device) -> None:
    other = device._exchange.session ^ 1
    (item,) = replies(device, Frame(Message.STATS, other, 99), 1)
    assert isinstance(item, Frame)
    assert (item.type, item.session, item.sequence) == (Message.ERROR, other, 99)
    assert Error.unpack(item.payload).code == ErrorCode.NO_SESSION


def test_a_wrong_board_is_refused(device: Device) -> None:
    device.expect_board(device.greeting.board)
    with pytest.raises(BoardError, match="expected board nucleo, this is"):
        device.expect_board("nucleo")


def test_the_statistics_count(device: Device) -> None:
    device.load(MODEL)
    list(device.infer(samples(4)))
    stats = device.stats()
    assert (stats.inferences, stats.model_bytes, stats.frames_bad) == (4, len(MODEL), 0)
    assert stats.model_room_bytes == device.greeting.model_room_bytes
