"""The command line: `tinygate COMMAND`, one file per group of commands."""

from harness.cli.main import main

__all__ = ["main"]
