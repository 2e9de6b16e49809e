"""The link layer with an engine that is not ours: built from the example, run, compared."""

import dataclasses
import os
import re
import struct
import subprocess
import sys
import zlib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from devices.client import Device, connect
from devices.errors import Refused
from devices.protocol.codes import ErrorCode
from tests.devices import firmware, native

EXAMPLE = native.ROOT / "examples" / "own_engine"
DECLARATIONS = Path(__file__).parent / "declarations"
WIDTHS = (64, 48, 32, 10)
CODES = np.random.default_rng(3).integers(-128, 128, (20, WIDTHS[0]), np.int8)
CPLUSPLUS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wdouble-promotion", "-Wundef"]
INCLUDES = [f"-I{firmware.FIRMWARE / folder}" for folder in ("link", "port")]


def image(main: Path, name: str) -> Path:
    firmware.need_tools()
    native.need("arm-none-eabi-g++")
    return firmware.make(
        firmware.OUT,
        name,
        "BOARD=mps2-an386",
        f"MAIN={main}",
        f"ENGINE={EXAMPLE / 'dense_engine.cc'}",
        f"ENGINE_INCLUDE={EXAMPLE}",
    )


@pytest.fixture(scope="module")
def url() -> str:
    return f"qemu://mps2-an386?firmware={image(EXAMPLE / 'main.cc', 'own-engine')}"


@pytest.fixture(scope="module")
def dense() -> ModuleType:
    spec = spec_from_file_location("dense_model", EXAMPLE / "dense_model.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def outputs(device: Device, codes: np.ndarray) -> np.ndarray:
    answers = sorted(device.infer(row.tobytes() for row in codes), key=lambda one: one.index)
    return np.array([np.frombuffer(one.output, np.int8) for one in answers])


def test_the_example_runs_as_the_docs_show(url: str) -> None:
    result = subprocess.run(
        [sys.executable, EXAMPLE / "compare.py", url],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(native.ROOT)},
    )
    assert result.returncode == 0, result.stderr
    assert "dense engine on mps2-an386: 3 layers" in result.stdout
    assert "100 samples, 0 differ from numpy" in result.stdout


@pytest.mark.parametrize("widths", [WIDTHS, (1, 1), (300, 7), (5, 1000, 3), (3,) * 17])
def test_networks_of_any_shape_answer_as_numpy_does(
    url: str, dense: ModuleType, widths: tuple[int, ...]
) -> None:
    layers = dense.drawn_network(widths, seed=sum(widths))
    codes = np.random.default_rng(4).integers(-128, 128, (8, widths[0]), np.int8)
    expected = dense.run(layers, codes)
    with connect(url) as device:
        info = device.load(dense.pack(layers, 0.5))
        assert (info.input_bytes, info.output_bytes) == (widths[0], widths[-1])
        assert info.operators == len(widths) - 1
        assert np.array_equal(outputs(device, codes), expected)


def test_codes_reach_both_ends_and_the_middle(dense: ModuleType) -> None:
    answers = dense.run(dense.drawn_network(WIDTHS, seed=1), CODES)
    assert len(np.unique(answers)) > 50


def test_a_trace_names_every_layers_output(url: str, dense: ModuleType) -> None:
    layers = dense.drawn_network(WIDTHS, seed=5)
    with connect(url) as device:
        device.load(dense.pack(layers, 0.5))
        trace = device.trace(CODES[0].tobytes())
    codes = CODES[:1]
    for layer, operator in zip(layers, trace.operators, strict=True):
        codes = layer.run(codes)
        assert operator.crc32 == zlib.crc32(codes.tobytes())
        assert (operator.builtin_code, operator.output_bytes) == (9, codes.size)
    assert trace.output == codes.tobytes()


def with_word(content: bytes, at: int, value: int) -> bytes:
    return content[:at] + struct.pack("<I", value) + content[at + 4 :]


def test_a_file_that_does_not_hold_is_refused_and_says_why(url: str, dense: ModuleType) -> None:
    layers = dense.drawn_network(WIDTHS, seed=6)
    good = dense.pack(layers, 0.5)
    other = dataclasses.replace(layers[1], weights=layers[1].weights[:, :-1])
    wide = dense.drawn_network((1, 16_384), 7) * 1
    cases = [
        (b"no model at all!", ErrorCode.MODEL_MALFORMED, "no DNS1 file; bytes: 16"),
        (b"DNS", ErrorCode.MODEL_MALFORMED, "no DNS1 file; bytes: 3"),
        (with_word(good, 4, 17), ErrorCode.MODEL_UNSUPPORTED, "1 to 16 layers are supported, no"),
        (with_word(good, 4, 0), ErrorCode.MODEL_UNSUPPORTED, "not 0"),
        (with_word(good, 4, 4), ErrorCode.MODEL_MALFORMED, "does not hold layer 3"),
        (with_word(good, 4, 2), ErrorCode.MODEL_MALFORMED, "bytes behind the last layer: "),
        (good[:-1], ErrorCode.MODEL_MALFORMED, "does not hold layer 2"),
        (good + b"1234", ErrorCode.MODEL_MALFORMED, "bytes behind the last layer: 4"),
        (with_word(good, 16, 0xFFFFFFFF), ErrorCode.MODEL_MALFORMED, "does not hold layer 0"),
        (with_word(good, 20, 0), ErrorCode.MODEL_MALFORMED, "does not hold layer 0"),
        (with_word(good, 24, 128), ErrorCode.MODEL_MALFORMED, "does not hold layer 0"),
        (with_word(good, 36, 1 << 31), ErrorCode.MODEL_MALFORMED, "does not hold layer 0"),
        (with_word(good, 40, 31), ErrorCode.MODEL_MALFORMED, "does not hold layer 0"),
        (
            dense.pack([layers[0], other, layers[2]], 0.5),
            ErrorCode.MODEL_MALFORMED,
            "other inputs than the outputs before it has layer 1",
        ),
    ]
    with connect(url) as device:
        for content, code, text in cases:
            with pytest.raises(Refused, match=re.escape(text)) as caught:
                device.load(content)
            assert caught.value.code == code
        assert device.load(dense.pack(wide, 0.5)).output_bytes == 16_384
        device.load(good)
        assert np.array_equal(outputs(device, CODES), dense.run(layers, CODES))


def test_static_constructors_have_run_before_main() -> None:
    built = image(Path(__file__).parent / "static_main.cc", "own-engine-static")
    with connect(f"qemu://mps2-an386?firmware={built}") as device:
        assert device.greeting.engine == "constructed"


@pytest.mark.parametrize("compiler", ["g++", "arm-none-eabi-g++"])
def test_the_headers_of_the_link_layer_are_cplusplus_too(compiler: str, tmp_path: Path) -> None:
    native.need(compiler)
    headers = sorted((firmware.FIRMWARE / "link").glob("*.h"))
    source = tmp_path / "all.cc"
    names = [header.name for header in headers] + ["port.h"]
    source.write_text("".join(f'#include "{name}"\n' for name in names))
    core = ["-mcpu=cortex-m4", "-mthumb"] if compiler != "g++" else []
    command = [compiler, *core, "-std=c++11", *CPLUSPLUS, "-Wpedantic", "-Werror", "-fsyntax-only"]
    subprocess.run([*command, *INCLUDES, source], check=True)
    for header in headers:
        text = header.read_text()
        declares = re.search(r"^[a-z]\w* .*\w\(.*\);", text, re.MULTILINE)
        assert not declares or 'extern "C"' in text, header.name


@pytest.mark.parametrize("name", ["tflm_runtime.cc", "tflm_main.cc"])
def test_the_glue_for_tflm_fits_the_interface_and_the_declarations(name: str) -> None:
    native.need("g++")
    command = ["g++", "-std=c++17", *CPLUSPLUS, "-Werror", "-fsyntax-only", "-fno-exceptions"]
    includes = [*INCLUDES, f"-I{EXAMPLE}", f"-I{DECLARATIONS}"]
    subprocess.run([*command, "-fno-rtti", *includes, EXAMPLE / name], check=True)


def test_what_the_link_layer_costs_is_printed(tmp_path: Path) -> None:
    native.need("arm-none-eabi-gcc", "make")
    result = subprocess.run(
        [
            *("make", "-s", "-C", firmware.FIRMWARE, "link-cost", f"OUT={tmp_path}"),
            "COST_CORES=cortex-m4f:mps2-an386",
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    title, line = result.stdout.splitlines()
    assert title.split() == [
        "link",
        "layer",
        "flash,",
        "-O2",
        "flash,",
        "-Os",
        "RAM,",
        "a",
        "session",
    ]
    core, fast, small, session = line.split()
    assert core == "cortex-m4f"
    assert 4_000 < int(small) < int(fast) < 16_000
    assert 300 < int(session) < 1_000
    (told,) = re.findall(
        r"\| cortex-m4f \|(.*)\|", (native.ROOT / "docs/how-to/own-firmware.md").read_text()
    )
    figures = [int(figure.replace(",", "")) for figure in told.split("|")]
    assert figures == [pytest.approx(int(one), rel=0.05) for one in (fast, small, session)]
