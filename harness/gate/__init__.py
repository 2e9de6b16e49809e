"""The gate: checks from a config, decided on Predictions, into one verdict."""
