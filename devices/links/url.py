"""A device is a URL: which link opens it, and with which options."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from urllib.parse import parse_qsl, unquote

from devices.errors import LinkError
from devices.links.link import Link

# What is not named here is pyserial's: a port such as /dev/ttyACM0 or COM5, or a URL of its own.
SCHEMES = {
    "qemu": "devices.emulators.qemu:open_qemu",
    "renode": "devices.emulators.renode:open_renode",
    "socket": "devices.links.tcp:open_socket",
    "fake": "devices.fake:open_fake",
}
SERIAL = "devices.links.serial_port:open_serial"


@dataclass(frozen=True, slots=True)
class DeviceUrl:
    """`scheme://target?options`; the scheme of a bare port name is "serial"."""

    text: str
    scheme: str
    target: str
    options: dict[str, str] = field(default_factory=dict)

    def only(self, *allowed: str) -> dict[str, str]:
        """Return the options; raises LinkError where one is not in `allowed`."""
        for name in self.options:
            if name not in allowed:
                known = ", ".join(sorted(allowed)) or "none"
                raise LinkError(f"{self.text}: unknown option {name!r}; allowed: {known}")
        return self.options

    def positive(self, name: str, default: int | None) -> int | None:
        """Return an option that is a positive whole number, or `default` where it is not given."""
        if name not in self.options:
            return default
        text = self.options[name]
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise LinkError(f"{self.text}: {name}={text!r} is not a positive whole number")
        return int(text)


def parse_url(text: str) -> DeviceUrl:
    """Return the parts of a device URL; raises LinkError where an option is given twice."""
    base, _, query = text.partition("?")
    scheme, separator, target = base.partition("://")
    if not separator:
        scheme, target = "serial", base
    pairs = parse_qsl(query, keep_blank_values=True)
    if len(dict(pairs)) != len(pairs):
        raise LinkError(f"{text}: an option is given twice")
    return DeviceUrl(text, scheme.lower(), unquote(target), dict(pairs))


def open_link(text: str) -> Link:
    """Return an open link to the device at a URL; raises LinkError where it cannot be opened."""
    url = parse_url(text)
    module, _, name = SCHEMES.get(url.scheme, SERIAL).partition(":")
    opener: Callable[[DeviceUrl], Link] = getattr(import_module(module), name)
    return opener(url)
