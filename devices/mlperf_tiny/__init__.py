"""Boards that carry MLPerf Tiny firmware, evaluated as they are: its text protocol and a driver.

`replies` and `outputs` are pure; `client` talks to a board.
"""
