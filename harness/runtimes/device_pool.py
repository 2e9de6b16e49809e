"""Several devices of one kind that share the samples of an evaluation.

Samples are shared out one by one, so that devices of unequal speed finish together. One that dies
gives its open samples back to the others; it is opened anew once before it is left out.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from devices.errors import DeviceError, LinkError, NoAnswer
from devices.inference_device import Answer, InferenceDevice
from harness.errors import InfrastructureError, UserError
from harness.runtimes.sample_queue import SampleQueue

OpenDevice = Callable[[str], InferenceDevice]
"""From a URL to an open device of the right kind that holds the model."""
Sample = Callable[[int], bytes]
"""The input tensor's bytes at a position."""
Accept = Callable[[int, "Member", Answer], None]
"""Takes an answer by its position; called by one thread at a time."""

RETURNS_WITHIN_S = 5.0
_LOOKS_EVERY_S = 0.25
_STOPS_WITHIN_S = 2.0
_log = logging.getLogger("tinygate")


class Member:
    """One device of a pool, opened on construction."""

    def __init__(self, url: str, open_device: OpenDevice) -> None:
        self.url = url
        self.device = open_device(url)
        self.alive = True
        self._open_device = open_device

    def reopen(self) -> None:
        """Close the device and open it anew."""
        self.device.close()
        self.device = self._open_device(self.url)

    def close(self) -> None:
        """Close the device."""
        self.alive = False
        self.device.close()


class DevicePool:
    """The devices of a session, in the order of their URLs.

    One that is lost has `returns_within_s` to show up again.
    """

    def __init__(self, open_device: OpenDevice, returns_within_s: float = RETURNS_WITHIN_S) -> None:
        self._open_device = open_device
        self._returns_within_s = returns_within_s
        self.members: list[Member] = []

    @property
    def living(self) -> list[Member]:
        """Those that have not died."""
        return [member for member in self.members if member.alive]

    def open_all(self, urls: Sequence[str]) -> None:
        """Open every device; one that does not answer is left out with a warning.

        Raises:
            DeviceError: none answers: why the last one does not.

        """
        failed: list[DeviceError] = []
        for url in urls:
            try:
                self.members.append(Member(url, self._open_device))
            except (LinkError, NoAnswer) as error:
                failed.append(error)
        if not self.members:
            raise failed[-1]
        for reason in failed:
            _log.warning("warning: a device is left out: %s", reason)

    def grow(self, url: str) -> None:
        """Open one more device."""
        self.members.append(Member(url, self._open_device))

    def run(self, positions: Sequence[int], sample: Sample, accept: Accept) -> None:
        """Have the living devices answer every position.

        Raises:
            InfrastructureError: every device died; the answers until then were handed over.

        """
        work = _Work(SampleQueue(positions), sample, accept, self._returns_within_s)
        threads = [
            threading.Thread(target=work.serve, args=(member,), daemon=True)
            for member in self.living
        ]
        work.living = len(threads)
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except BaseException as error:  # Ctrl-C: a device that hangs must not hold it up
            work.fail(error)
            give_up = time.monotonic() + _STOPS_WITHIN_S
            for thread in threads:
                thread.join(max(0.0, give_up - time.monotonic()))
            raise
        work.check()


class _Work:
    """One run: what the threads, one for each member, share."""

    def __init__(
        self, queue: SampleQueue, sample: Sample, accept: Accept, returns_within_s: float
    ) -> None:
        self.queue = queue
        self.living = 0
        self._sample = sample
        self._accept = accept
        self._returns_within_s = returns_within_s
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def check(self) -> None:
        """Raise what ended the run before all was answered."""
        if self._failure is not None:
            raise self._failure

    def serve(self, member: Member) -> None:
        """Answer until nothing is left, or the device is dead; run in the member's own thread."""
        try:
            self._serve(member)
        except BaseException as error:  # handed over to the thread that waits
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End the run: no answer is taken any more."""
        with self._lock:
            self._failure = self._failure or error
        self.queue.stop()

    def _serve(self, member: Member) -> None:
        answered, came_back = 0, False
        while self.queue.wait():
            open_positions: dict[int, int] = {}
            try:
                for answer in member.device.infer(self._drawn(open_positions)):
                    self._take(open_positions.pop(answer.index), member, answer)
                    answered, came_back = answered + 1, False
            except DeviceError as error:
                self.queue.give_back(open_positions.values())
                if came_back or not self._back(member, error):
                    self._bury(member, error, answered)
                    return
                came_back = True

    def _drawn(self, open_positions: dict[int, int]) -> Iterator[bytes]:
        index = 0
        while (position := self.queue.take()) is not None:
            open_positions[index] = position
            index += 1
            yield self._sample(position)

    def _take(self, position: int, member: Member, answer: Answer) -> None:
        with self._lock:
            if self._failure is None:
                self._accept(position, member, answer)
        self.queue.done()

    def _back(self, member: Member, error: DeviceError) -> bool:
        """Open a lost device anew; it may take some seconds to show up again."""
        if not isinstance(error, (LinkError, NoAnswer)):
            return False
        give_up = time.monotonic() + self._returns_within_s
        while True:
            try:
                member.reopen()
            except LinkError:
                if time.monotonic() >= give_up or not self.queue.pause(_LOOKS_EVERY_S):
                    return False
            except (DeviceError, UserError):
                return False
            else:
                _log.warning("warning: a device was lost and is back: %s", error)
                return True

    def _bury(self, member: Member, error: DeviceError, answered: int) -> None:
        member.close()
        with self._lock:
            self.living -= 1
            last = self.living == 0
        if last and self.queue.pause(0.0):
            raise InfrastructureError(str(error)) from error
        text = "warning: a device died after %d answers, the others take its samples: %s"
        _log.warning(text, answered, error)
