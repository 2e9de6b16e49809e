"""The entry point: runs a command and turns every error into one line and its exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType

import typer
from typer.exceptions import TyperException

from harness import __version__
from harness.cli import device, doctor, files, pipeline, start
from harness.cli.doctor import extra_of
from harness.errors import (
    EXIT_BUG,
    EXIT_INFRASTRUCTURE,
    EXIT_PASS,
    EXIT_USER,
    MissingExtraError,
    TinygateError,
)

_EXIT_INTERRUPTED = 130
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT}

app = typer.Typer(
    name="tinygate",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The deployment gate for tiny models: validates a network where it will run, at the size "
    "it will run, before it ships.",
    epilog="Exit codes: 0 pass, 1 fail, 2 user error, 3 inconclusive, 4 device or infrastructure "
    "fault, 70 bug.",
)
start.add_commands(app)
pipeline.add_commands(app)
files.add_commands(app)
device.add_commands(app)
doctor.add_commands(app)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        typer.echo(f"tinygate {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command in `sys.argv` and exit with its code."""
    signal.signal(signal.SIGTERM, _interrupt)
    code = run(sys.argv[1:])
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code. Nothing but a bug shows a traceback."""
    try:
        code = app(list(arguments), prog_name="tinygate", standalone_mode=False) or EXIT_PASS
    except (KeyboardInterrupt, typer.Abort):
        code = _EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PASS
    except Exception as error:
        return _report(error)
    if code == _EXIT_INTERRUPTED:  # typer's own answer to Ctrl-C
        return _say("interrupted; the same command continues from here", _EXIT_INTERRUPTED)
    return int(code)


def _report(error: Exception) -> int:
    if isinstance(error, TyperException):
        return _say(f"error: {error.format_message()} (see tinygate --help)", EXIT_USER)
    if isinstance(error, TinygateError):
        return _say(f"error: {_one_line(error)}", error.exit_code)
    if isinstance(error, OSError):
        return _say(f"error: {_os_problem(error)}", EXIT_INFRASTRUCTURE)
    if isinstance(error, ModuleNotFoundError) and (extra := extra_of(error.name)):
        return _say(f"error: {MissingExtraError(str(error.name), extra)}", EXIT_USER)
    if os.strerror(errno.ENOSPC) in str(error):  # a library's own exception around a full disk
        return _say(f"error: {_one_line(error)}; free some and run again", EXIT_INFRASTRUCTURE)
    traceback.print_exception(error)
    return _say("this is a bug in tinygate: please report it with the lines above", EXIT_BUG)


def _say(line: str, code: int) -> int:
    typer.echo(line, err=True)
    return code


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _os_problem(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in _FULL_DISK:
        return f"{where}no space left on the disk; free some and run the same command again"
    return f"{where}{error.strerror or error}"


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
