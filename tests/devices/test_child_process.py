"""A child gets the descriptors it is given, whatever their numbers are here."""

import os
import sys

from devices.emulators.process import ChildProcess


def test_a_descriptor_whose_number_is_anothers_target_is_not_lost() -> None:
    from_host, to_child = os.pipe()
    from_child, to_host = os.pipe()
    moves = {to_host: from_host, to_host + 50: to_host}
    script = f"import os; os.write({to_host + 50}, os.read({to_host}, 9))"
    child = ChildProcess([sys.executable, "-c", script], moves)
    os.close(from_host)
    os.close(to_host)
    os.write(to_child, b"well sent")
    assert os.read(from_child, 9) == b"well sent"
    child.end()
    os.close(to_child)
    os.close(from_child)
