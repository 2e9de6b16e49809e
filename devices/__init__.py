"""Bytes to boards: wire protocol, client, links, boards and emulators."""
