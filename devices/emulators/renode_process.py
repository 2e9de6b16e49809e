"""A Renode that runs: it ends with us, and leaves no file behind.

It reads its monitor's input from a pipe that we hold and ends at the end of it, which comes with
our own end too, however deep it sits behind a script that starts it. Its configuration, its history
and all else that it keeps lie in a folder of its own.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from devices.emulators import renode_monitor
from devices.emulators.process import ChildProcess
from devices.errors import EmulatorError

LOOK_EVERY_S = 0.02
DETAILS_S = 0.3
HOME_FOLDERS = {
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_CACHE_HOME": ".cache",
    "XDG_STATE_HOME": ".local/state",
}


class RenodeProcess:
    """Renode, started by the command that `command` makes for the path of its configuration file.

    `name` stands in messages.
    """

    def __init__(self, name: str, command: Callable[[Path], list[str]]) -> None:
        self._name = name
        self._folder = tempfile.TemporaryDirectory(
            prefix="tinygate-renode-", ignore_cleanup_errors=True
        )
        folder = Path(self._folder.name)
        self._output = folder / "output"
        theirs, self._input = os.pipe()
        try:
            with self._output.open("wb") as output:
                self._child = ChildProcess(
                    command(folder / "config"),
                    {0: theirs, 1: output.fileno(), 2: output.fileno()},
                    environment=_environment(folder),
                    group=True,
                )
        except BaseException:
            self._close_input()
            self._folder.cleanup()
            raise
        finally:
            os.close(theirs)

    @property
    def pid(self) -> int:
        """The process id of the command."""
        return self._child.pid

    def wait_ready(self, timeout_s: float) -> None:
        """Return once the monitor has done its commands.

        Raises EmulatorError with the monitor's complaint, or where Renode ends or takes too long.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            ended = self._child.ended()
            if self._look():
                return
            if ended:
                raise EmulatorError(f"{self._name}: Renode {self.describe_end()}")
            if time.monotonic() > deadline:
                raise EmulatorError(
                    f"{self._name}: Renode was not ready within {timeout_s:.0f} s; the last it "
                    f"printed: {renode_monitor.last_words(self._printed()) or 'nothing'}"
                )
            time.sleep(LOOK_EVERY_S)

    def ended(self, timeout_s: float = 0.0) -> bool:
        """Whether it has ended, waiting up to `timeout_s` for it."""
        return self._child.ended(timeout_s)

    def describe_end(self) -> str:
        """Return the exit status of a Renode that has ended, and the last line it printed."""
        status = self._child.describe_end()
        words = renode_monitor.last_words(self._printed())
        return f"{status}: {words}" if words else status

    def end(self, grace_s: float) -> None:
        """End the monitor's input, upon which Renode quits within `grace_s`, or is killed."""
        self._close_input()
        self._child.end(grace_s)
        self._folder.cleanup()

    def _look(self) -> bool:
        """Whether the output says ready; a complaint in it is raised, its details awaited."""
        text = self._printed()
        if renode_monitor.complaint(text) is None:
            return renode_monitor.is_ready(text)
        self._child.ended(DETAILS_S)
        complaint = renode_monitor.complaint(self._printed())
        raise EmulatorError(f"{self._name}: Renode: {complaint}")

    def _printed(self) -> str:
        with contextlib.suppress(OSError):
            return self._output.read_bytes().decode("utf-8", "replace")
        return ""

    def _close_input(self) -> None:
        if self._input >= 0:
            os.close(self._input)
            self._input = -1


def _environment(folder: Path) -> dict[str, str]:
    """Return our environment with a home and a folder for temporary files inside `folder`.

    The folders exist before Renode starts: .NET passes over a configuration folder that does not.
    """
    home, temporary = folder / "home", folder / "tmp"
    places = {name: home / place for name, place in HOME_FOLDERS.items()}
    for path in (*places.values(), temporary):
        path.mkdir(parents=True)
    given = {"HOME": home, "TMPDIR": temporary, **places}
    return {**os.environ, **{name: str(path) for name, path in given.items()}}
