"""The gate: checks from a config, decided on Predictions, into one verdict.

`metric.py` lists the metrics a check may name; `checks.py` reads checks, `decide.py` judges them,
`verdict.py` holds what came of it.
"""
