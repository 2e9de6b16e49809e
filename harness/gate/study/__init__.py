"""How often the gate errs, by simulation of paired predictions whose truth is known.

`population.py` draws samples whose every figure is known exactly, `scenarios.py` says what changed
from the reference to the candidate, `simulate.py` runs the gate on the draws and counts, `table.py`
and `figures.py` show the counts.
"""
