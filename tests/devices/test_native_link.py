"""The C frame code against the shared vectors, under the address and undefined sanitizers."""

import subprocess

from tests.devices import native, vector_file


def test_the_c_code_agrees_with_every_vector() -> None:
    program = native.build("vector_test")
    result = subprocess.run(
        [program, vector_file.PATH], capture_output=True, text=True, timeout=60, check=False
    )
    kinds = ("crc", "cobs", "frame", "stream", "broken")
    crc, cobs, frame, stream, broken = (len(vector_file.lines(kind)) for kind in kinds)
    checks = 2 * crc + cobs + frame + 4 * stream + broken + 4  # 4 of SHA-256
    assert (result.stderr, result.stdout) == ("", f"{checks} checks, 0 failures\n")


def test_the_uart_link_receives_while_nobody_reads_and_obeys_attention() -> None:
    program = native.build("uart_test")
    result = subprocess.run([program], capture_output=True, text=True, timeout=20, check=False)
    assert (result.stderr, result.stdout) == ("", "18 checks, 0 failures\n")


def test_three_decimals_are_printed_as_the_c_library_prints_them() -> None:
    program = native.build("decimal_test")
    result = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
    checks = 511 * (163 + 4000) + 9
    assert (result.stderr, result.stdout) == ("", f"{checks} checks, 0 failures\n")
