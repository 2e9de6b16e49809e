"""What the driver makes of the lines a board prints."""

import pytest

from devices.mlperf_tiny import commands, replies
from devices.mlperf_tiny.replies import BadReply, Inference, LineSplitter, Profile

INFERENCE = (
    "m-warmup-start-0\nm-warmup-done\nm-infer-start-1\nm-lap-us-4294967000\nm-lap-us-704\n"
    "m-infer-done\nm-results-[0.125,-1.000]"
)


def test_lines_come_whole_however_the_bytes_are_cut() -> None:
    data = b"m-lap-us-5\r\n\r\nInput db has 3 elemented, expected 4\nm-ready\r\n"
    wanted = ["m-lap-us-5", "", "Input db has 3 elemented, expected 4", "m-ready"]
    for step in (1, 2, 5, len(data)):
        splitter, lines = LineSplitter(), []
        for at in range(0, len(data), step):
            lines += splitter.feed(data[at : at + step])
        assert lines == wanted


def test_what_is_not_printable_does_not_get_into_a_record() -> None:
    (line,) = LineSplitter().feed(b"m-name-dut-[\x1b[31m\x07 \xff]\r\n")
    assert replies.name(line) == "?[31m? \ufffd"


def test_a_line_that_never_ends_is_refused() -> None:
    with pytest.raises(BadReply, match="more than 16384 bytes"):
        LineSplitter().feed(b"x" * 20000)


def test_the_expected_lines_are_understood() -> None:
    assert replies.name("m-name-dut-[A board (rev. B)]") == "A board (rev. B)"
    assert replies.profile("m-profile-[V0.0.1]\nm-model-[ic01]") == Profile("V0.0.1", "ic01")
    assert replies.timestamp("m-lap-us-17") == 17
    assert replies.timestamp("") is None
    assert replies.buffer("m-buffer-00-ff-10-20-30-40-50-60\nm-buffer-AB") == bytes.fromhex(
        "00ff102030405060ab"
    )
    assert replies.results("m-results-[0.500,0.500,]") == ("0.500", "0.500")
    replies.announced("m-[Expecting 3072 bytes]", 3072)
    replies.loaded("", last=False)
    replies.loaded("m-load-done", last=True)


def test_a_timer_of_32_bits_may_wrap_during_an_inference() -> None:
    assert replies.inference(INFERENCE, 1, 0) == Inference(1000, ("0.125", "-1.000"))


def test_firmware_that_measures_energy_prints_no_times() -> None:
    silent = INFERENCE.replace("m-lap-us-4294967000\nm-lap-us-704\n", "")
    assert replies.inference(silent, 1, 0).microseconds is None


@pytest.mark.parametrize(
    "text",
    [
        "Input db has 31 elemented, expected 3072\n" + INFERENCE,
        INFERENCE.replace("start-1", "start-3"),
        INFERENCE.replace("warmup-start-0", "warmup-start-10"),
        INFERENCE.replace("m-lap-us-704\n", ""),
        INFERENCE.replace("0.125", "0.1�5"),
        INFERENCE.replace("0.125", ""),
        INFERENCE + "\ne-[Unknown command: x]",
        INFERENCE.replace("m-infer-done", "m-infer-dome"),
        "m-timestamp-mode-performance\n" + INFERENCE,
        "",
    ],
)
def test_an_inference_with_any_other_line_is_a_failure(text: str) -> None:
    with pytest.raises(BadReply):
        replies.inference(text, 1, 0)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("m-load-done", False),
        ("", True),
        ("e-[Insufficent number of hex digits]", False),
        ("e-[Invalid hex digit 'ZZ']", True),
    ],
)
def test_load_done_must_come_with_the_last_chunk_exactly(text: str, last: bool) -> None:
    with pytest.raises(BadReply):
        replies.loaded(text, last=last)


def test_a_reply_without_its_end_is_a_failure() -> None:
    with pytest.raises(BadReply, match="no m-ready"):
        replies.joined(["m-load-done"])
    assert replies.joined(["", "m-load-done", "", "m-ready"]) == "m-load-done"


def test_the_board_says_when_it_carries_another_model() -> None:
    assert replies.other_input_bytes("Input db has 490 elemented, expected 3072", 490) == 3072
    assert replies.other_input_bytes("Input db has 489 elemented, expected 490", 490) is None
    assert replies.buffer_limit("Supplied buffer size 99999 exceeds maximum of 3072") == 3072
    assert replies.buffer_limit("m-ready") is None


def test_a_tensor_goes_out_in_chunks_of_31_bytes() -> None:
    tensor = bytes(range(64))
    sent = list(commands.chunks(tensor))
    assert [len(one) for one in sent] == [65, 65, 7]
    assert bytes.fromhex("".join(one.removeprefix("db ") for one in sent)) == tensor
    assert all(len(commands.wire(one)) <= 81 for one in sent)


@pytest.mark.parametrize("command", ["", "x" * 81, "name%"])
def test_what_firmware_would_cut_off_or_crash_on_is_never_sent(command: str) -> None:
    with pytest.raises(ValueError, match="not a command"):
        commands.wire(command)
