"""Whether a bench is sound: a known model, what it must answer, and the steps of the check."""
