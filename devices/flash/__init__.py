"""Flashing a board by a debug probe."""
