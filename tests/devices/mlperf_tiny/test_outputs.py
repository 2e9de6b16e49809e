"""int8 outputs come back exactly from three printed decimals."""

import struct

import pytest

from devices.mlperf_tiny.inputs import INT8, OF_MODEL, UINT8
from devices.mlperf_tiny.outputs import Output
from devices.mlperf_tiny.replies import BadReply

SCALES = (1 / 256, 0.00101, 0.0021, 0.0157, 0.1, 0.3719, 1.0, 7.25)


def float32(value: float) -> float:
    (converted,) = struct.unpack("f", struct.pack("f", value))
    return float(converted)


def printed(code: int, scale: float, zero_point: int) -> float:
    return float32((code - zero_point) * float32(scale))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("zero_point", [-128, -3, 0, 127])
def test_every_code_comes_back_from_rounded_decimals(scale: float, zero_point: int) -> None:
    codes = range(-128, 128)
    texts = [f"{printed(code, scale, zero_point):0.3f}" for code in codes]
    output = Output(256, float32(scale), zero_point)
    assert output.codes(texts) == struct.pack("256b", *codes)


def test_every_code_comes_back_where_kws01_cuts_the_digits_off() -> None:
    codes = range(-128, 128)
    values = [printed(code, 1 / 256, -128) for code in codes]
    texts = [f"0.{int(v * 10)}{int(v * 100) % 10}{int(v * 1000) % 10}" for v in values]
    output = Output(256, 1 / 256, -128, truncated=True)
    assert output.codes(texts) == struct.pack("256b", *codes)


@pytest.mark.parametrize(("scale", "truncated"), [(0.001, False), (1e-4, False), (0.002, True)])
def test_a_scale_that_three_decimals_cannot_resolve_is_refused(
    scale: float, truncated: bool
) -> None:
    with pytest.raises(ValueError, match="recovered exactly only above"):
        Output(10, scale, 0, truncated)


@pytest.mark.parametrize("text", ["0.002", "1.001", "-0.004", "99.000"])
def test_a_number_that_no_code_prints_as_is_a_failure(text: str) -> None:
    with pytest.raises(BadReply, match="is no output"):
        Output(1, 1 / 256, -128).codes([text])


def test_another_number_of_results_is_a_failure() -> None:
    with pytest.raises(BadReply, match="9 results, the model has 10 outputs"):
        Output(10, 1 / 256, -128).codes(["0.000"] * 9)


def test_images_go_as_uint8_and_features_as_they_are() -> None:
    assert UINT8.encode(bytes([0x80, 0xFF, 0, 0x7F])) == bytes([0, 127, 128, 255])
    assert INT8.encode(b"\x80\x01") == b"\x80\x01"
    assert {name: one.name for name, one in OF_MODEL.items()} == {
        "ic01": "uint8",
        "vww01": "uint8",
        "kws01": "int8",
        "tinygate": "int8",
    }
