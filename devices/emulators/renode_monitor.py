"""What Renode's monitor prints: whether it is ready, and what it complains of.

The monitor echoes its input and ends lines with carriage returns on either side, so everything is
looked for on a line of its own.
"""

import re

READY_WORDS = "DUT READY"
READY = re.compile(rf"^\r*{READY_WORDS}\r*$", re.MULTILINE)
COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PROMPT = re.compile(r"\([\w.-]+\)(\s+|$)")
COMPLAINTS = (
    "There was an error executing command",
    "No such command or device",
    "Could not tokenize here",
    "Bad parameters for command",
    "Parameters did not match the signature",
    "Could not find file",
)
"""How the lines begin that say a command failed. Renode runs on after each, and ends with 0."""
MOST_LINES = 6
MOST_CHARACTERS = 400


def is_ready(text: str) -> bool:
    """Whether the output so far holds the line that the last command of the start prints."""
    return READY.search(COLOUR.sub("", text)) is not None


def complaint(text: str) -> str | None:
    """Return the first failed command and what follows up to the prompt, in one line, or None."""
    lines = _lines(text)
    for start, line in enumerate(lines):
        if line.startswith(COMPLAINTS):
            return _joined(lines[start : start + MOST_LINES])
    return None


def last_words(text: str) -> str:
    """Return the last line but prompts and the echo of our commands, "" where there is none."""
    lines = (PROMPT.sub("", line, count=1) for line in _lines(text))
    said = [line for line in lines if line and f'echo "{READY_WORDS}"' not in line]
    return said[-1][:MOST_CHARACTERS] if said else ""


def _lines(text: str) -> list[str]:
    plain = COLOUR.sub("", text)
    lines = (line.strip() for line in re.split(r"[\r\n]+", plain))
    return [line for line in lines if line.strip("^ ")]


def _joined(lines: list[str]) -> str:
    first, *rest = lines
    details = [first]
    for line in rest:
        if PROMPT.match(line):
            break
        details.append(line)
    return ": ".join(line.rstrip(":") for line in details)[:MOST_CHARACTERS]
