"""The measure of each metric a check may name: its value, and the method that decides on it.

A value that the data do not define is None with a reason. `gap` says what keeps a defined value
from being the whole answer: it can show a violation but never compliance.
"""
