"""Emulators that stand in for boards."""
