"""A figure as an `<svg>` element of a page: in the page's colours, and beside other figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from markupsafe import Markup

from reports.drawing import INK, Drawing

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_LEFT_OUT = {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}
_COLOURS = {
    INK: "currentColor",
    "#0072b2": "var(--blue)",
    "#d55e00": "var(--orange)",
    "#009e73": "var(--green)",
    "#cc79a7": "var(--pink)",
    "#e69f00": "var(--amber)",
    "#56b4e9": "var(--sky)",
}
"""Colours of figures that a page sets itself, since dark ground takes lighter ones."""
_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_DECIMALS = re.compile(r"(\.\d\d)\d+")
_FONT = re.compile(r"font-family: [^;]*")
_SHORTHAND = re.compile(r"(font: [^;']*)'[^;]*")
_ROUNDED = ("d", "x", "y", "width", "height")
_PX_PER_PT = 4 / 3

ElementTree.register_namespace("", _SVG)


def inline_svg(drawing: Drawing, name: str) -> Markup:
    """Return the drawing as an element whose ids begin with `name`, unique on the page.

    Matplotlib escapes every text it writes and the tree is written anew, so the element is safe.
    """
    root = ElementTree.fromstring(drawing.svg())  # noqa: S314  (our own document)
    for parent in list(root.iter()):
        for child in [one for one in parent if one.tag in _LEFT_OUT]:
            parent.remove(child)
    named = set(_references(root))
    for element in root.iter():
        _adapt(element, name, named)
        if not (element.tail or "").strip():
            element.tail = "\n"
    _size(root)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704


def _references(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        for value in element.attrib.values():
            yield from _REFERENCE.findall(value)
        link = element.get(f"{{{_XLINK}}}href", "")
        if link.startswith("#"):
            yield link[1:]


def _adapt(element: ElementTree.Element, name: str, named: set[str]) -> None:
    own = element.attrib.pop("id", None)
    if own in named:
        element.set("id", f"{name}-{own}")
    link = element.attrib.pop(f"{{{_XLINK}}}href", None)
    if link is not None:
        element.set("href", f"#{name}-{link[1:]}" if link.startswith("#") else link)
    for key, value in element.attrib.items():
        element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))
    for key in _ROUNDED:
        if key in element.attrib:
            element.set(key, _DECIMALS.sub(r"\1", element.attrib[key]))
    if "style" in element.attrib:
        element.set("style", _style(element.attrib["style"]))


def _style(style: str) -> str:
    """Return the style in the page's colours and fonts."""
    for colour, variable in _COLOURS.items():
        style = style.replace(colour, variable)
    return _FONT.sub("font-family: var(--font)", _SHORTHAND.sub(r"\1var(--font)", style))


def _size(root: ElementTree.Element) -> None:
    """Make it as wide as its place, and no wider than it was drawn."""
    width = _PX_PER_PT * float(root.attrib.pop("width").removesuffix("pt"))
    root.attrib.pop("height")
    root.attrib.pop("version", None)
    root.set("style", f"max-width: {width:.0f}px")
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
