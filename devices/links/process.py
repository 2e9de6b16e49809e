"""A link to a program of this machine that is a device: its standard input and output."""

import contextlib
import os
from pathlib import Path

from devices.emulators.process import ChildProcess
from devices.links.pipe import PipeLink

STDIN, STDOUT = 0, 1


class ProcessLink(PipeLink):
    """A program, started on construction, that ends with the link; `power_cycle` starts it anew."""

    def __init__(self, name: str, program: Path) -> None:
        self._program = program
        super().__init__(name, *self._start())

    def power_cycle(self) -> None:
        """Kill the program and start another; what was on its way is lost."""
        self.close()
        PipeLink.__init__(self, self.name, *self._start())

    def close(self) -> None:
        """Kill the program."""
        super().close()
        self._child.end(grace_s=0.0)

    def _start(self) -> tuple[int, int]:
        from_host, to_device = os.pipe()
        from_device, to_host = os.pipe()
        try:
            self._child = ChildProcess([str(self._program)], {STDIN: from_host, STDOUT: to_host})
        except BaseException:
            for descriptor in (to_device, from_device):
                with contextlib.suppress(OSError):
                    os.close(descriptor)
            raise
        finally:
            os.close(from_host)
            os.close(to_host)
        return from_device, to_device
