"""From a URL to a byte stream."""

from devices.links.link import Link
from devices.links.url import open_link

__all__ = ["Link", "open_link"]
