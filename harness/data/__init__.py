"""Data sets: labelled images in three disjoint splits, found by the name in a config."""

from harness.data.split import Dataset, Split

__all__ = ["Dataset", "Split"]
