"""What every page of ours shares: its templates, its style, its one script, and its policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.inline_svg import inline_svg
from reports.text import printable, printable_lines, quantity, shortened

_NAME_LENGTH, _SENTENCE_LENGTH = 48, 700
_TEMPLATES = "templates"


def rendered(template: str, content: Mapping[str, Any]) -> str:
    """Return a page of `template`; text of any origin is escaped.

    The page loads nothing and runs one script, known by its hash to the page's policy.
    """
    style, script = _file("page.css"), _file("page.js")
    shared = {"style": Markup(style), "script": Markup(script), "policy": policy(script)}  # noqa: S704  (our own files)
    return _environment().get_template(template).render(**shared, **content) + "\n"


def policy(script: str) -> str:
    """Return the content security policy of a page whose only script is this one.

    Style may stand in attributes, as it does in figures; nothing comes over a network.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _file(name: str) -> str:
    return resources.files("reports").joinpath(_TEMPLATES, name).read_text(encoding="utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "printable": printable,
        "printable_lines": printable_lines,
        "named": lambda text: shortened(text, _NAME_LENGTH),
        "sentence": lambda text: shortened(text, _SENTENCE_LENGTH),
        "percent": lambda share: f"{100 * share:.1f} %",
        "points": lambda share: f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}"),
        "quantity": quantity,
        "inline_svg": inline_svg,
    }
    return environment
