"""Errors of the devices package.

DeviceError                  one line: what happened, with which value, and what to do
├── LinkError                the byte stream cannot be opened, broke, or takes no more bytes
│   └── EmulatorError        an emulator or its firmware is missing, or the emulator ended
├── ProtocolError            the other side speaks another version, or answers what fits no request
├── NoAnswer                 nothing valid came within the bounded time
├── Refused                  the device answered with a coded error
│   └── SessionLost          the device no longer knows the session: it was reset
├── FlashError               no debug probe, or the board cannot be flashed by it
└── BoardError               an unknown board, or one that lacks what is asked of it
"""


class DeviceError(Exception):
    """Something went wrong between host and device; the message is one line."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class LinkError(DeviceError):
    """The byte stream cannot be opened, broke, or takes no more bytes."""


class EmulatorError(LinkError):
    """An emulator or its firmware is missing, or the emulator ended by itself."""


class ProtocolError(DeviceError):
    """The other side speaks another version, or answers what fits no request."""


class NoAnswer(DeviceError):
    """Nothing valid came within the bounded time."""


class Refused(DeviceError):
    """The device answered with a coded error; `code` is a `protocol.codes.ErrorCode` value."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class SessionLost(Refused):
    """The device no longer knows the session: it was reset."""


class FlashError(DeviceError):
    """No debug probe, or the board cannot be flashed by it."""


class BoardError(DeviceError):
    """An unknown board, or one that lacks what is asked of it."""
