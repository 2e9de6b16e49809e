"""Runs the commands of a page in a folder, as a reader would, and compares what they print."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from harness.cli.main import run
from tests.docs.page import ROOT, Block, Page

_TIMEOUT_S = 900
_NEEDS_A_SHELL = re.compile(r"[|&;<>$*{}`~\n]")
_OWN_PROCESS = ("run", "train", "export", "report", "register")
"""They load torch, and train in processes of their own."""


@dataclass
class Step:
    """One command of a console block, and the lines that it should print."""

    command: str
    expected: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Shell:
    """A working folder, with `tinygate` and `python` in its path."""

    folder: Path

    def run_page(self, page: Page) -> None:
        """Run a page from top to bottom, with the files that it shows."""
        for block in page.blocks:
            if block.file is not None:
                target = self.folder / block.file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block.text, encoding="utf-8")
        for block in page.blocks:
            if block.reason is None:
                self._run_block(block, f"{page.name}:{block.line}")

    def _run_block(self, block: Block, where: str) -> None:
        if block.language in ("sh", "yaml"):
            for command in commands_of(block):
                code, output = self.run(command)
                assert code == 0, f"{where}: exit code {code} of {command}\n{output}"
        elif block.language == "console":
            self._run_console(block, where)
        elif block.language == "python" and block.file is None:
            code, output = self._run([sys.executable, "-c", block.text])
            assert code == 0, f"{where}: exit code {code}\n{output}"

    def _run_console(self, block: Block, where: str) -> None:
        """Run commands one by one; each ends with 0, or as the `echo $?` behind it says."""
        steps = list(steps_of(block))
        for step, following in zip(steps, [*steps[1:], Step("")], strict=True):
            if step.command == "echo $?":
                continue
            code, output = self.run(step.command)
            due = int(following.expected[0]) if following.command == "echo $?" else 0
            assert code == due, f"{where}: exit code {code} of {step.command}\n{output}"
            compare(step.expected, output, f"{where}: {step.command}")

    def run(self, command: str) -> tuple[int, str]:
        """Return the exit code of a command and what it printed."""
        words = [] if _NEEDS_A_SHELL.search(command) else shlex.split(command, comments=True)
        if words[:1] == ["tinygate"] and words[1] not in _OWN_PROCESS:
            return self._run_here(words[1:])
        return self._run(["bash", "-euo", "pipefail", "-c", command])

    def _run_here(self, arguments: list[str]) -> tuple[int, str]:
        out = io.StringIO()
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.chdir(self.folder))
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(out))
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # as in a process of its own
            code = run(arguments)
        return code, out.getvalue()

    def _run(self, command: list[str]) -> tuple[int, str]:
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # and what it started
            raise
        return process.returncode, output

    def _environment(self) -> dict[str, str]:
        beside = self.folder / ".bin"
        beside.mkdir(exist_ok=True)
        shim = beside / "tinygate"
        shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m harness.cli "$@"\n')
        shim.chmod(0o755)
        path = [str(beside), str(Path(sys.executable).parent), os.environ["PATH"]]
        return os.environ | {"PATH": os.pathsep.join(path), "PYTHONPATH": str(ROOT)}


def commands_of(block: Block) -> Iterator[str]:
    """Yield the commands of a block; of a workflow, those that call tinygate.

    A script that is more than calls of tinygate is one command.
    """
    if block.language == "yaml":
        yield from _workflow_commands(block)
        return
    lines = [line for line in lines_of(block) if line.partition("#")[0].strip()]
    yield from lines if all(one.startswith("tinygate ") for one in lines) else [block.text]


def lines_of(block: Block) -> list[str]:
    """Return the lines of a script, those that a backslash continues joined."""
    text = block.text.replace("\\\n", " ")
    return [line.removeprefix("$ ") for line in text.splitlines()]


def _workflow_commands(block: Block) -> Iterator[str]:
    content = yaml.safe_load(block.text)
    for job in content.get("jobs", {}).values():
        for step in job["steps"]:
            script = step.get("run", "").replace("\\\n", " ")
            yield from (line for line in script.splitlines() if line.startswith("tinygate "))


def steps_of(block: Block) -> Iterator[Step]:
    """Yield the commands behind a `$ ` with the lines below each."""
    step: Step | None = None
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            if step is not None:
                yield step
            step = Step(line[2:])
        elif step is not None:
            step.expected.append(line)
    if step is not None:
        yield step


def compare(expected: list[str], output: str, where: str) -> None:
    """Compare printed lines; `...` stands for anything, on a line of its own for any lines."""
    if not expected:
        return
    parts = []
    for line in map(_spaced, expected):
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(re.escape(line).replace(re.escape("..."), ".*") + r"\n")
    text = "".join(f"{_spaced(line)}\n" for line in output.splitlines())
    wanted = "\n".join(expected)
    assert re.fullmatch("".join(parts), text), f"{where} printed\n{output}\ninstead of\n{wanted}"


def _spaced(line: str) -> str:
    """Return a line without the spaces that align a table."""
    return " ".join(line.split())
