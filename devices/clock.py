"""What a device's count means."""

from dataclasses import dataclass

from devices.links.link import Link
from devices.protocol.codes import Counter
from devices.protocol.messages import Greeting


@dataclass(frozen=True, slots=True)
class Clock:
    """One tick is `per_tick` of `unit`: "cycles" of silicon, or "instructions" of an emulator.

    `hz` is the core's clock where the unit is cycles, so that cycles / hz are seconds; None where
    the unit is instructions: these never become a time.
    """

    unit: str
    per_tick: float
    hz: int | None

    def of(self, count: int) -> float:
        """Return a count of ticks in the clock's unit."""
        return count * self.per_tick


def clock_of(greeting: Greeting, link: Link) -> Clock | None:
    """Return the clock of a greeted device; None where its counts mean nothing.

    An emulator that does not count instructions runs its timers on the host's time: those ticks
    measure the host, not the model.
    """
    if greeting.counter == Counter.NONE or not greeting.counter_hz:
        return None
    if link.emulated:
        if link.instructions_per_s is None:
            return None
        return Clock("instructions", link.instructions_per_s / greeting.counter_hz, None)
    if greeting.counter == Counter.CORE_CYCLES:
        return Clock("cycles", 1.0, greeting.core_hz)
    return Clock("cycles", greeting.core_hz / greeting.counter_hz, greeting.core_hz)
