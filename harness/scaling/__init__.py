"""Scaling laws: how error, error sets, classes, calibration and rank change with model size.

Pure functions of Predictions, or of a table of error rates; `analysis` has them all in one record.
"""
