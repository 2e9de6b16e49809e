"""How often the gate errs, by simulation of paired predictions whose truth is known.

`population.py` draws samples whose every figure is known exactly, `scenarios.py` says what changed
from the reference to the candidate, `limits.py` which checks are asked and how each limit stands to
the truth, `simulate.py` runs the gate on the draws and counts, `plan.py` says which test sets and
how many, `rates.py` turns counts into rates with intervals.
"""
